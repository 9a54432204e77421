// The first message of a TLS client (RFC 8446, sections 4.1.2 and 5.1): which name it asks for, and what it
// offers. Reads bytes as they come, over any number of records and segments; no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::tls {

inline constexpr size_t kHelloBytesMax = 64 << 10;

struct ClientHello {
  std::string server_name;         // as sent; empty: none
  std::vector<std::string> alpn;   // in the client's order
  std::vector<uint16_t> versions;  // supported_versions, else the legacy version alone
  bool has_ech = false;            // encrypted_client_hello, or its predecessor ESNI
};

class HelloReader {
 public:
  enum class State : uint8_t { NeedMore, Complete, Malformed };
  // Bytes behind the end of the message are not looked at.
  State feed(std::string_view bytes);
  const ClientHello& hello() const { return hello_; }
  const std::string& error() const { return error_; }  // of Malformed

 private:
  State fail(std::string reason);
  State finish();

  State state_ = State::NeedMore;
  std::string header_;  // of the record that is being read, up to 5 bytes
  size_t record_rest_ = 0;
  std::string handshake_;  // the message's bytes, without record headers
  ClientHello hello_;
  std::string error_;
};

}  // namespace nemoclaw::tls
