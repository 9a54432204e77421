// The fields of RFC 6455 section 4.
#include "proxy/http/text.h"
#include "proxy/http/websocket.h"

namespace nemoclaw::http {

namespace {

bool has_token(const std::vector<Field>& fields, std::string_view token) {
  const Result<std::vector<std::string>> tokens = connection_tokens(fields);
  if (!tokens) return false;
  for (const std::string& each : *tokens)
    if (each == token) return true;
  return false;
}

bool is_upgrade(const std::vector<Field>& fields) {
  const Field* upgrade = find_field(fields, "upgrade");
  return upgrade && count_fields(fields, "upgrade") == 1 &&
         equals_ignoring_case(upgrade->value, "websocket") && has_token(fields, "upgrade");
}

// 16 bytes in base64: 22 characters and "==".
bool is_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  for (const char c : key.substr(0, 22))
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '+' && c != '/')
      return false;
  return true;
}

void append_fields(const std::vector<Field>& fields, std::string& head) {
  for (const Field& field : end_to_end_fields(fields))
    if (!equals_ignoring_case(field.name, "sec-websocket-extensions"))
      head.append(field.name).append(": ").append(field.value).append("\r\n");
  head += "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
}

}  // namespace

bool asks_for_websocket(const Request& request) {
  const Field* upgrade = find_field(request.fields, "upgrade");
  return upgrade && equals_ignoring_case(upgrade->value, "websocket");
}

std::optional<Refusal> websocket_request_problem(const Request& request) {
  const auto refuse = [](std::string reason, int status = 400) {
    return Refusal{status, "invalid_request", "WebSocket handshake: " + std::move(reason)};
  };
  if (request.method != "GET" || request.minor_version != 1) return refuse("it is not a GET of HTTP/1.1");
  if (!is_upgrade(request.fields)) return refuse("Connection does not say Upgrade");
  if (request.framing.kind == BodyKind::Chunked || request.framing.length > 0) return refuse("it has a body");
  if (count_fields(request.fields, "sec-websocket-key") != 1 ||
      !is_key(find_field(request.fields, "sec-websocket-key")->value))
    return refuse("Sec-WebSocket-Key is not 16 bytes in base64");
  if (count_fields(request.fields, "sec-websocket-version") != 1 ||
      find_field(request.fields, "sec-websocket-version")->value != "13")
    return refuse("the version is not 13", 426);
  return std::nullopt;
}

std::string websocket_response_problem(const Request& request, const Response& response,
                                       std::string_view accept) {
  if (!is_upgrade(response.fields)) return "the origin's 101 does not upgrade to a WebSocket";
  const Field* accepted = find_field(response.fields, "sec-websocket-accept");
  if (!accepted || count_fields(response.fields, "sec-websocket-accept") != 1 || accepted->value != accept)
    return "the origin's Sec-WebSocket-Accept does not belong to the key";
  if (find_field(response.fields, "sec-websocket-extensions"))
    return "the origin chose an extension that nobody offered";
  const Field* chosen = find_field(response.fields, "sec-websocket-protocol");
  if (!chosen) return {};
  for (const Field& field : request.fields)
    if (equals_ignoring_case(field.name, "sec-websocket-protocol"))
      for (const std::string_view offered : split_list(field.value))
        if (offered == chosen->value) return {};
  return "the origin chose a subprotocol that nobody offered";
}

std::string serialise_websocket_request(const Request& request, uint16_t default_port) {
  std::string head = "GET " + request.path +
                     " HTTP/1.1\r\nHost: " + render_authority(request.authority, default_port) + "\r\n";
  append_fields(request.fields, head);
  return head;
}

std::string serialise_websocket_response(const Response& response) {
  std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
  append_fields(response.fields, head);
  return head;
}

std::string render_close(uint16_t code, std::string_view reason) {
  const std::string_view text = reason.substr(0, 123);
  std::string frame = {static_cast<char>(0x88), static_cast<char>(2 + text.size()),
                       static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return frame.append(text);
}

}  // namespace nemoclaw::http
