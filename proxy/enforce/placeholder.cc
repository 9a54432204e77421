#include "proxy/enforce/placeholder.h"

#include <algorithm>

#include "policy/engine/escape.h"
#include "policy/model/credential.h"
#include "proxy/http/base64.h"
#include "proxy/http/text.h"

namespace nemoclaw::enforce {

namespace {

using policy::kPlaceholderPrefix;

// Malformed escapes stay as they are: they were refused before, or nobody reads them as escapes.
std::string unescape(std::string_view text, bool plus) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? policy::decode_escape(text.substr(i)) : -1;
    if (byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
        c == '_' || c == '~')
      out += c;
    else
      (((out += '%') += kHex[byte >> 4]) += kHex[byte & 15]);
  }
  return out;
}

std::string json_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += format("\\u%04x", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out;
}

Result<std::string> fill_part(std::string_view part, const KeyedValue& value) {
  const size_t equals = std::min(part.find('='), part.size());
  const std::string key = unescape(part.substr(0, equals), true);
  if (holds_placeholder(key)) TRY(fill_text(key, [&](std::string_view name) { return value("", name); }));
  if (equals == part.size()) return std::string(part);
  const std::string text = unescape(part.substr(equals + 1), true);
  if (!holds_placeholder(text)) return std::string(part);
  const std::string filled = TRY(fill_text(text, [&](std::string_view name) { return value(key, name); }));
  return std::string(part.substr(0, equals + 1)) + escape(filled);
}

}  // namespace

bool holds_placeholder(std::string_view text) {
  return text.find(kPlaceholderPrefix) != std::string_view::npos;
}

Result<std::string> fill_text(std::string_view text, const Value& value) {
  std::string out;
  for (;;) {
    const size_t at = text.find(kPlaceholderPrefix);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + kPlaceholderPrefix.size());
    const auto end = std::find_if_not(text.begin(), text.end(), policy::is_secret_name_byte);
    const std::string_view name = text.substr(0, static_cast<size_t>(end - text.begin()));
    out += TRY(value(name));
    text.remove_prefix(name.size());
  }
}

Result<void> fill_field(std::string& text, const Value& value) {
  constexpr std::string_view kBasic = "basic ";
  const std::string_view whole = text;
  if (http::equals_ignoring_case(whole.substr(0, kBasic.size()), kBasic)) {
    const std::optional<std::string> pair = http::decode_base64(http::trim(whole.substr(kBasic.size())));
    if (pair && holds_placeholder(*pair))
      text = text.substr(0, kBasic.size()) + http::encode_base64(TRY(fill_text(*pair, value)));
    if (pair) return {};
  }
  if (holds_placeholder(whole)) text = TRY(fill_text(text, value));
  return {};
}

Result<std::string> fill_query(std::string_view query, const KeyedValue& value) {
  std::string out;
  for (;;) {
    const size_t end = query.find('&');
    out += TRY(fill_part(query.substr(0, end), value));
    if (end == std::string_view::npos) return out;
    out += '&';
    query.remove_prefix(end + 1);
  }
}

Result<void> check_path(std::string_view path, const Value& value) {
  const std::string text = unescape(path, false);
  if (holds_placeholder(text)) TRY(fill_text(text, value));
  return {};
}

Result<std::string> fill_body(std::string_view body, std::string_view type, const Value& value) {
  if (type == "application/x-www-form-urlencoded")
    return fill_query(body, [&](std::string_view, std::string_view name) { return value(name); });
  if (type != "application/json" && !type.ends_with("+json")) return fill_text(body, value);
  return fill_text(
      body, [&](std::string_view name) -> Result<std::string> { return json_escape(TRY(value(name))); });
}

}  // namespace nemoclaw::enforce
