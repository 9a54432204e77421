#include "proxy/http/answer.h"

#include "proxy/http/grpc.h"
#include "runtime/base/json.h"

namespace nemoclaw::http {

namespace {

const char* reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

}  // namespace

int status_for_code(const std::string& code) {
  if (code == "invalid_request") return 400;
  if (code == "authority_mismatch") return 421;
  if (code == "rate_limited") return 429;
  if (code == "upstream_unreachable" || code == "upstream_tls") return 502;
  if (code == "inference_unconfigured") return 503;
  return 403;
}

std::vector<std::string> next_steps(const Denial& denial) {
  if (denial.status == 403 || denial.code == "rate_limited")
    return {
        "This was decided by the sandbox's policy. Do not retry, and do not try another way around it: "
        "every way out of this sandbox is judged by the same policy.",
        "Tell your operator what you need and why, and the decision's id: nemoclawctl logs shows " +
            denial.decision +
            ", and an entry for this program and destination in the sandbox's policy allows it."};
  if (denial.status >= 500)
    return {"The policy allows this destination, but it could not be reached. Trying again later may help."};
  return {
      "The request itself is malformed and was not forwarded. Send a well-formed HTTP/1.1 proxy request."};
}

std::string denial_body(const Denial& denial) {
  json::Writer writer;
  writer.begin_object()
      .member("error", denial.code)
      .member("decision", denial.decision)
      .member("detail", denial.detail)
      .member("layer", denial.layer)
      .member("entry", denial.entry)
      .member("binary", denial.binary)
      .member("host", denial.host)
      .member("port", static_cast<unsigned>(denial.port))
      .member("method", denial.method)
      .member("path", denial.path)
      .member("next_steps", next_steps(denial))
      .end_object();
  return writer.take() + "\n";
}

namespace {

std::string render_answer(int status, const char* type, const Denial& denial, const std::string& body,
                          bool head_only, bool keep_alive) {
  std::string answer = "HTTP/1.1 " + std::to_string(status) + " " + reason_phrase(status) +
                       "\r\nContent-Type: " + type + "\r\nX-NemoClaw-Decision: " + denial.decision +
                       "\r\nContent-Length: " + std::to_string(body.size()) +
                       (keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
  if (!head_only) answer += body;
  return answer;
}

}  // namespace

std::string render_denial(const Denial& denial, bool head_only, bool keep_alive) {
  return render_answer(denial.status, "application/json", denial, denial_body(denial), head_only, keep_alive);
}

std::string render_denial(const Denial& denial, const Request& request, bool keep_alive) {
  const GrpcForm form = grpc_form(request);
  // gRPC itself is not spoken over HTTP/1.
  if (form != GrpcForm::Web && form != GrpcForm::WebText)
    return render_denial(denial, request.method == "HEAD", keep_alive);
  const std::string body = grpc_web_body(denial, form);
  return render_answer(200, grpc_web_type(form), denial, body, request.method == "HEAD", keep_alive);
}

}  // namespace nemoclaw::http
