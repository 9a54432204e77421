// The head of an origin's response, as strictly read as a request, and written anew for the client. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/framing.h"
#include "proxy/http/lines.h"

namespace nemoclaw::http {

struct Response {
  int status = 0;
  std::string reason;
  int minor_version = 1;
  std::vector<Field> fields;
  Framing framing;         // of the body that follows; known once the request's method is known
  bool keep_alive = true;  // the origin takes another request on this connection
};

class ResponseParser {
 public:
  // `request_method`: HEAD and CONNECT change what follows the head.
  explicit ResponseParser(std::string_view request_method)
      : lines_(16 << 10, 64 << 10), method_(request_method) {}

  enum class State { NeedMore, Complete, Malformed };
  State feed(std::string_view& input);
  const Response& response() const { return response_; }
  const std::string& error() const { return error_; }

 private:
  State fail(std::string reason);
  State take_status_line(std::string_view line);
  State finish();

  LineReader lines_;
  std::string method_;
  State state_ = State::NeedMore;
  bool have_status_line_ = false;
  Response response_;
  std::string error_;
};

// Head for the client: end-to-end fields, Connection: close unless `keep_alive`, and a framing that this
// client understands (an HTTP/1.0 client gets a chunked body without its chunks, ended by the close). Without
// Alt-Svc: it would send the client to a protocol that nobody inspects, and which the fence refuses.
std::string serialise_response(const Response& response, int client_minor_version, bool keep_alive = false);

}  // namespace nemoclaw::http
