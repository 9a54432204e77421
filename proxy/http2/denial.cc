#include "proxy/http2/denial.h"

namespace nemoclaw::http2 {

namespace {

// The numbers of gRPC's status codes.
int grpc_code(int status) {
  switch (status) {
    case 400:
    case 417:
    case 421:
      return 3;  // INVALID_ARGUMENT
    case 413:
    case 429:
    case 431:
      return 8;  // RESOURCE_EXHAUSTED
    case 502:
    case 503:
      return 14;  // UNAVAILABLE
    default:
      return 7;  // PERMISSION_DENIED
  }
}

// grpc-message: printable ASCII but '%', and the rest as %XX.
std::string encode_message(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char raw : text) {
    const auto byte = static_cast<unsigned char>(raw);
    if (byte >= 0x20 && byte < 0x7f && byte != '%')
      encoded += raw;
    else
      encoded.append("%").append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
  }
  return encoded;
}

}  // namespace

Block grpc_status(const http::Denial& denial) {
  std::string message = denial.code + ": " + denial.detail + " (decision " + denial.decision + ").";
  for (const std::string& step : http::next_steps(denial)) message += " " + step;
  return {{"grpc-status", std::to_string(grpc_code(denial.status))},
          {"grpc-message", encode_message(message)},
          {"x-nemoclaw-decision", denial.decision}};
}

Answer render_denial(const http::Denial& denial, const http::Request& request) {
  Answer answer;
  if (is_grpc(request)) {
    answer.head = {{":status", "200"}, {"content-type", "application/grpc"}};
    for (http::Field& field : grpc_status(denial)) answer.head.push_back(std::move(field));
    return answer;
  }
  const std::string body = http::denial_body(denial);
  answer.head = {{":status", std::to_string(denial.status)},
                 {"content-type", "application/json"},
                 {"x-nemoclaw-decision", denial.decision},
                 {"content-length", std::to_string(body.size())}};
  if (request.method != "HEAD") answer.body = body;
  return answer;
}

}  // namespace nemoclaw::http2
