// The frames of one direction of a WebSocket (RFC 6455), checked while they pass; and the handshake's fields.
// No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/frame_masker.h"
#include "proxy/http/request.h"
#include "proxy/http/response.h"
#include "runtime/base/result.h"

namespace nemoclaw::http {

enum class MessageKind : uint8_t { Text, Binary };

class WebSocketChecker {
 public:
  // `from_client`: frames must be masked; those of a server must not be. `secrets`: what a server's payloads
  // must not let through; null: nothing.
  WebSocketChecker(bool from_client, uint64_t message_bytes_max,
                   std::shared_ptr<const MaskPatterns> secrets = nullptr)
      : from_client_(from_client), message_bytes_max_(message_bytes_max), secrets_(std::move(secrets)) {
    if (secrets_) content_.emplace(secrets_);
  }

  enum class Step : uint8_t {
    NeedMore,
    MessageStart,  // of kind(); nothing of the message is in `out` yet: call again to let it pass
    Closed,        // behind a close frame, which is in `out`; nothing may follow
    Failed,        // close_code() and error() say why; `out` holds only whole checked bytes
  };
  // Takes bytes off the front of `input` and appends those that may go on to `out`, as they came but for
  // secrets: of a frame that passes nothing can be read in two ways. What may be the beginning of a secret
  // waits for the rest of its message.
  Step feed(std::string_view& input, std::string& out);

  MessageKind kind() const { return kind_; }
  uint16_t close_code() const { return close_code_; }  // RFC 6455 section 7.4.1
  const std::string& error() const { return error_; }

 private:
  enum class Part : uint8_t { Header, Payload };
  Step fail(uint16_t code, const char* reason);
  size_t header_size() const;
  Step read_header(std::string_view& input);
  Step check_start();
  Step take_header();
  const char* opcode_problem() const;
  void check_text(std::string_view payload);
  Step pass_payload(std::string_view& input, std::string& out);
  Step pass_control(std::string_view taken, std::string& out);
  Step end_frame(std::string& out);
  bool is_held_back() const;

  bool from_client_;
  uint64_t message_bytes_max_;
  std::shared_ptr<const MaskPatterns> secrets_;
  std::optional<FrameMasker> content_;
  Part part_ = Part::Header;
  std::string header_, mask_;  // of the frame that is being read
  std::string control_;  // payload of a control frame, unmasked
  uint64_t left_ = 0, offset_ = 0, message_bytes_ = 0;
  uint8_t opcode_ = 0;
  bool is_header_due_ = false, final_ = false, in_message_ = false, is_closed_ = false, bad_text_ = false;
  MessageKind kind_ = MessageKind::Text;
  std::string partial_;  // a character of a text message that is not whole yet
  uint16_t close_code_ = 0;
  std::string error_;
};

// Upgrade: websocket is asked for. The other fields may still be wrong.
bool asks_for_websocket(const Request& request);
// RFC 6455 section 4.2.1. The reason why not, as a refusal (400, or 426 for another version).
std::optional<Refusal> websocket_request_problem(const Request& request);
// RFC 6455 section 4.1, of an answer with status 101; `accept`: what Sec-WebSocket-Accept must be. "" if it
// is right.
std::string websocket_response_problem(const Request& request, const Response& response,
                                       std::string_view accept);

// The heads as they are sent on. Extensions are not offered: a compressed message could not be read.
std::string serialise_websocket_request(const Request& request, uint16_t default_port);
std::string serialise_websocket_response(const Response& response);

// An unmasked close frame, from us to a client.
std::string render_close(uint16_t code, std::string_view reason);

}  // namespace nemoclaw::http
