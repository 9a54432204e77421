#include <cmath>

#include "runtime/base/json.h"

namespace nemoclaw::json {

size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](size_t count) {
    if (text.size() <= count) return false;
    for (size_t i = 1; i <= count; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return false;
    }
    return true;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!tail(2)) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!tail(3)) return 0;
    if (lead == 0xf0 && byte(1) < 0x90) return 0;
    if (lead == 0xf4 && byte(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

namespace {

constexpr size_t kUsualBytes = 1024;  // of an object, so that it grows once or never

// What stands in JSON as it is: printable ASCII but for the quote and the backslash.
size_t plain_prefix(std::string_view text) {
  size_t length = 0;
  while (length < text.size()) {
    const auto byte = static_cast<unsigned char>(text[length]);
    if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') break;
    ++length;
  }
  return length;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (;;) {
    const size_t plain = plain_prefix(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text[0]);
    const size_t length = utf8_sequence(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[0];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += format("\\u%04x", byte);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out += '"';
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

void Writer::newline() {
  if (!indent_) return;
  text_ += '\n';
  text_.append(has_items_.size() * 2, ' ');
}

void Writer::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_items_.empty()) return;
  if (has_items_.back()) text_ += ',';
  has_items_.back() = true;
  newline();
}

Writer& Writer::begin_object() {
  if (text_.empty()) text_.reserve(kUsualBytes);
  separate();
  text_ += '{';
  has_items_.push_back(false);
  return *this;
}

Writer& Writer::end_object() {
  const bool had = has_items_.back();
  has_items_.pop_back();
  if (had) newline();
  text_ += '}';
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  text_ += '[';
  has_items_.push_back(false);
  return *this;
}

Writer& Writer::end_array() {
  const bool had = has_items_.back();
  has_items_.pop_back();
  if (had) newline();
  text_ += ']';
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  append_quoted(text_, name);
  text_ += indent_ ? ": " : ":";
  after_key_ = true;
  return *this;
}

Writer& Writer::value(std::string_view text) {
  separate();
  append_quoted(text_, text);
  return *this;
}

Writer& Writer::value(bool boolean) {
  separate();
  text_ += boolean ? "true" : "false";
  return *this;
}

Writer& Writer::value(int64_t number) {
  separate();
  text_ += std::to_string(number);
  return *this;
}

Writer& Writer::value(uint64_t number) {
  separate();
  text_ += std::to_string(number);
  return *this;
}

Writer& Writer::value(double number) {
  separate();
  text_ += std::isfinite(number) ? format("%.17g", number) : "null";
  return *this;
}

Writer& Writer::null() {
  separate();
  text_ += "null";
  return *this;
}

Writer& Writer::value(const Value& parsed) {
  switch (parsed.type) {
    case Type::Null: return null();
    case Type::Boolean: return value(parsed.boolean);
    case Type::Integer: return parsed.negative ? value(parsed.integer) : value(parsed.magnitude);
    case Type::Number: return value(parsed.number);
    case Type::String: return value(parsed.string);
    case Type::Array:
      begin_array();
      for (const Value& item : parsed.array) value(item);
      return end_array();
    case Type::Object:
      begin_object();
      for (const auto& [name, member] : parsed.object) {
        key(name);
        value(member);
      }
      return end_object();
  }
  return *this;
}

Writer& Writer::member(std::string_view name, const std::vector<std::string>& texts) {
  key(name);
  begin_array();
  for (const std::string& text : texts) value(text);
  return end_array();
}

}  // namespace nemoclaw::json
