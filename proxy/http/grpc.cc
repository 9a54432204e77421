#include "proxy/http/grpc.h"

#include "proxy/http/base64.h"
#include "proxy/http/text.h"

namespace nemoclaw::http {

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

// The type itself, with a message format or parameters behind it.
bool is_of(std::string_view value, std::string_view type) {
  return value.starts_with(type) &&
         (value.size() == type.size() || std::string_view("+; ").find(value[type.size()]) != std::string_view::npos);
}

}  // namespace

GrpcForm grpc_form(const Request& request) {
  const Field* type = find_field(request.fields, "content-type");
  if (!type) return GrpcForm::None;
  const std::string value = lower(type->value);
  if (is_of(value, "application/grpc")) return GrpcForm::Grpc;
  if (is_of(value, "application/grpc-web")) return GrpcForm::Web;
  return is_of(value, "application/grpc-web-text") ? GrpcForm::WebText : GrpcForm::None;
}

std::vector<Field> grpc_status(const Denial& denial) {
  std::string message = denial.code + ": " + denial.detail + " (decision " + denial.decision + ").";
  for (const std::string& step : next_steps(denial)) message += " " + step;
  return {{"grpc-status", std::to_string(grpc_code(denial.status))},
          {"grpc-message", encode_message(message)},
          {"x-nemoclaw-decision", denial.decision}};
}

std::string grpc_web_body(const Denial& denial, GrpcForm form) {
  std::string trailers;
  for (const Field& field : grpc_status(denial))
    trailers.append(field.name).append(": ").append(field.value).append("\r\n");
  std::string frame(1, '\x80');  // not compressed, and trailers instead of a message
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(trailers.size() >> shift & 0xff);
  frame += trailers;
  return form == GrpcForm::WebText ? encode_base64(frame) : frame;
}

const char* grpc_web_type(GrpcForm form) {
  return form == GrpcForm::WebText ? "application/grpc-web-text+proto" : "application/grpc-web+proto";
}

}  // namespace nemoclaw::http
