// What a client's first bytes are, and which host they name: a TLS ClientHello, an HTTP/1 head, or something
// else. A name that is found here is only a claim. No I/O; the answer does not depend on how the bytes were
// cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/lines.h"
#include "proxy/tls/client_hello.h"

namespace nemoclaw::tls {

enum class Protocol : uint8_t {
  Undecided,  // not enough bytes yet
  Tls,
  Http1,
  Http2,          // the preface of prior knowledge (RFC 9113, 3.4)
  Socks,          // a greeting of SOCKS4 or SOCKS5
  ProxyProtocol,  // the header of haproxy's PROXY protocol, version 1 or 2
  Other,
};
const char* protocol_name(Protocol protocol);

// By the first bytes alone: a few decide.
Protocol recognise(std::string_view first_bytes);

struct Sniffed {
  Protocol protocol = Protocol::Undecided;
  std::string name;       // SNI; Host of an origin-form request; as sent, empty if there is none
  std::string method;     // of HTTP/1
  std::string malformed;  // not empty: it is this protocol, but cannot be read
  ClientHello hello;      // of TLS
};

class Sniffer {
 public:
  // False when enough is known, or when more than 64 KiB have come without an end.
  bool feed(std::string_view bytes);
  // Nothing more will come, or nothing more is waited for.
  void end();

  bool needs_more() const { return !done_; }
  const Sniffed& result() const { return sniffed_; }
  // Everything that was fed: what goes to the origin when it may.
  const std::string& bytes() const { return bytes_; }
  std::string take_bytes() { return std::move(bytes_); }

 private:
  void feed_tls(std::string_view bytes);
  void feed_http(std::string_view bytes);
  void take_line(const std::string& line);
  void take_request_line(std::string_view line);
  void finish(std::string malformed = {});

  std::string bytes_;
  Sniffed sniffed_;
  HelloReader hello_;
  http::LineReader lines_{16 << 10, kHelloBytesMax};
  bool done_ = false, have_request_line_ = false, is_origin_form_ = false;
  unsigned hosts_ = 0, fields_ = 0;
};

// A fatal alert, as a server that has not answered yet sends it (RFC 8446, 6).
enum class Alert : uint8_t { UnexpectedMessage = 10, AccessDenied = 49, DecodeError = 50 };
std::string render_alert(Alert alert);

}  // namespace nemoclaw::tls
