// The one parser of client requests, incremental and without I/O, and the one canonical form that is judged,
// audited and forwarded. Bytes that were judged are never forwarded as they came: serialise_request() writes
// the request anew. RFC 9112, narrowed; whatever two servers could read differently is an error that closes
// the connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/authority.h"
#include "proxy/http/framing.h"
#include "proxy/http/lines.h"

namespace nemoclaw::http {

struct Request {
  std::string method;
  bool is_connect = false;
  Authority authority;        // CONNECT's target, or the absolute URI's; Host never decides anything
  std::string path;           // absolute form: path and query as origin form ("/a?b", or "*" for OPTIONS)
  int minor_version = 1;      // HTTP/1.x
  std::vector<Field> fields;  // all, as they came
  Framing framing;
  bool expect_continue = false;
  bool keep_alive = true;  // another request may follow on this connection
};

// What a request's target may be: that of a forward proxy (CONNECT's host:port, or an absolute http URI), or
// that of an origin server (a path; an absolute URI is understood too, and then rules over Host).
enum class TargetForm : uint8_t { Proxy, Origin };

struct Refusal {
  int status = 400;
  std::string code = "invalid_request";  // or authority_mismatch
  std::string reason;
};

struct HeadLimits {
  size_t head_bytes_max = 64 << 10;
  size_t line_bytes_max = 16 << 10;
  size_t fields_max = 100;
  size_t target_bytes_max = 8192;
};

class RequestParser {
 public:
  explicit RequestParser(const HeadLimits& limits = {}) : RequestParser(TargetForm::Proxy, 80, limits) {}
  // `default_port`: of an authority that names none.
  RequestParser(TargetForm form, uint16_t default_port, const HeadLimits& limits = {})
      : form_(form),
        default_port_(default_port),
        limits_(limits),
        lines_(limits.line_bytes_max, limits.head_bytes_max) {}

  enum class State { NeedMore, Complete, Refused };
  // Takes the head's bytes off the front of `input`; what is left after Complete belongs to the body or the
  // tunnel.
  State feed(std::string_view& input);
  bool started() const { return started_; }  // a byte of a request has come
  const Request& request() const { return request_; }
  const Refusal& refusal() const { return refusal_; }

 private:
  State refuse(int status, std::string reason, std::string code = "invalid_request");
  std::optional<State> take_line(const std::string& line);
  State parse_request_line(std::string_view line);
  State parse_target(std::string_view target);
  State parse_absolute(std::string_view target, uint16_t default_port);
  State parse_origin(std::string_view target);
  State finish();
  State check_host();
  State check_expect();

  TargetForm form_;
  uint16_t default_port_;
  HeadLimits limits_;
  LineReader lines_;
  State state_ = State::NeedMore;
  bool started_ = false, skipped_empty_line_ = false, have_request_line_ = false, is_absolute_ = false;
  Request request_;
  Refusal refusal_;
};

// The head as it goes to the origin: origin form, Host from the authority (without `default_port`),
// end-to-end fields, framing of the body that follows, and Connection: close unless `keep_alive`.
std::string serialise_request(const Request& request, uint16_t default_port = 80, bool keep_alive = false);

}  // namespace nemoclaw::http
