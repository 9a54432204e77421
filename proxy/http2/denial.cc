#include "proxy/http2/denial.h"

#include "proxy/http/grpc.h"

namespace nemoclaw::http2 {

Block grpc_status(const http::Denial& denial) { return http::grpc_status(denial); }

Answer render_denial(const http::Denial& denial, const http::Request& request) {
  Answer answer;
  const http::GrpcForm form = http::grpc_form(request);
  if (form == http::GrpcForm::Grpc) {
    answer.head = {{":status", "200"}, {"content-type", "application/grpc"}};
    for (http::Field& field : http::grpc_status(denial)) answer.head.push_back(std::move(field));
    return answer;
  }
  const bool is_web = form != http::GrpcForm::None;
  const std::string body = is_web ? http::grpc_web_body(denial, form) : http::denial_body(denial);
  answer.head = {{":status", is_web ? "200" : std::to_string(denial.status)},
                 {"content-type", is_web ? http::grpc_web_type(form) : "application/json"},
                 {"x-nemoclaw-decision", denial.decision},
                 {"content-length", std::to_string(body.size())}};
  if (request.method != "HEAD") answer.body = body;
  return answer;
}

}  // namespace nemoclaw::http2
