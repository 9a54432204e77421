#include "proxy/http/framing.h"

#include <algorithm>
#include <charconv>

#include "proxy/http/text.h"

namespace nemoclaw::http {

const Field* find_field(const std::vector<Field>& fields, std::string_view name) {
  for (const Field& field : fields)
    if (equals_ignoring_case(field.name, name)) return &field;
  return nullptr;
}

size_t count_fields(const std::vector<Field>& fields, std::string_view name) {
  return static_cast<size_t>(std::count_if(fields.begin(), fields.end(), [&](const Field& field) {
    return equals_ignoring_case(field.name, name);
  }));
}

Result<uint64_t> parse_content_length(std::string_view text) {
  uint64_t value = 0;
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || text.size() > 19 || (text.size() > 1 && text.front() == '0') ||
      std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc() || value > INT64_MAX)
    return make_error("Content-Length " + quoted(text, 32) + " is not a plain number");
  return value;
}

Result<Framing> parse_framing(const std::vector<Field>& fields, int minor_version) {
  const size_t lengths = count_fields(fields, "content-length");
  const size_t encodings = count_fields(fields, "transfer-encoding");
  if (lengths + encodings == 0) return Framing{};
  if (lengths > 0 && encodings > 0) return make_error("both Content-Length and Transfer-Encoding");
  if (lengths > 1) return make_error("more than one Content-Length");
  if (encodings > 1) return make_error("more than one Transfer-Encoding");
  if (lengths == 1) {
    const uint64_t length = TRY(parse_content_length(find_field(fields, "content-length")->value));
    return Framing{BodyKind::Length, length};
  }
  if (minor_version == 0) return make_error("Transfer-Encoding in an HTTP/1.0 message");
  if (!equals_ignoring_case(find_field(fields, "transfer-encoding")->value, "chunked"))
    return make_error("a Transfer-Encoding other than 'chunked'");
  return Framing{BodyKind::Chunked, 0};
}

Result<void> check_field(std::string_view name, std::string_view value) {
  if (!is_token(name)) return make_error("header name " + quoted(name, 40) + " is not a token");
  if (!is_field_value(value)) return make_error("a control byte in the value of " + quoted(name, 40));
  // Gateways behind us may read '_' as '-': names that would frame the message there are refused here.
  std::string dashed = lower(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  if (name.find('_') != std::string_view::npos &&
      (dashed == "content-length" || dashed == "transfer-encoding" || dashed == "host"))
    return make_error("header name " + quoted(name, 40) + " imitates " + dashed);
  return {};
}

Result<Field> parse_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return make_error("a folded header line");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return make_error("a header line without a colon");
  const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
  TRY(check_field(name, value));
  return Field{std::string(name), std::string(value)};
}

Result<void> check_singletons(const std::vector<Field>& fields) {
  for (const char* singleton : {"authorization", "proxy-authorization", "content-type", "upgrade", "expect"})
    if (count_fields(fields, singleton) > 1) return make_error(std::string("more than one ") + singleton);
  return {};
}

Result<std::vector<std::string>> connection_tokens(const std::vector<Field>& fields) {
  std::vector<std::string> tokens;
  for (const Field& field : fields) {
    if (!equals_ignoring_case(field.name, "connection")) continue;
    for (const std::string_view element : split_list(field.value)) {
      if (element.empty()) continue;
      if (!is_token(element)) return make_error("Connection holds " + quoted(element, 40));
      const std::string token = lower(element);
      for (const char* vital : {"content-length", "transfer-encoding", "host", "connection"})
        if (token == vital) return make_error("Connection names " + token);
      tokens.push_back(token);
    }
  }
  return tokens;
}

bool keeps_alive(const std::vector<std::string>& tokens, int minor_version) {
  return minor_version == 1 && std::find(tokens.begin(), tokens.end(), "close") == tokens.end();
}

namespace {

bool is_end_to_end(const Field& field, const std::vector<std::string>& named) {
  static constexpr std::string_view kHopByHop[] = {
      "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "expect",
      "host", "content-length",
      // Some servers take their target from these, which nobody has judged (attack F12).
      "x-original-url", "x-rewrite-url"};
  const auto is_name = [&](std::string_view hop) { return equals_ignoring_case(field.name, hop); };
  return std::none_of(std::begin(kHopByHop), std::end(kHopByHop), is_name) &&
         std::none_of(named.begin(), named.end(), is_name) &&
         !equals_ignoring_case(std::string_view(field.name).substr(0, 6), "proxy-");
}

}  // namespace

std::vector<Field> end_to_end_fields(const std::vector<Field>& fields) {
  const std::vector<std::string> named = connection_tokens(fields).value_or(std::vector<std::string>());
  std::vector<Field> kept;
  for (const Field& field : fields)
    if (is_end_to_end(field, named)) kept.push_back(field);
  return kept;
}

void append_end_to_end(const std::vector<Field>& fields, std::string& head) {
  const std::vector<std::string> named = connection_tokens(fields).value_or(std::vector<std::string>());
  for (const Field& field : fields)
    if (is_end_to_end(field, named)) head.append(field.name).append(": ").append(field.value).append("\r\n");
}

}  // namespace nemoclaw::http
