#include "runtime/oci/fields.h"

#include <cstring>

namespace nemoclaw::oci {

namespace {

std::string found_text(const json::Value& value) {
  if (value.type != json::Type::Integer) return json::type_name(value.type);
  return value.negative ? std::to_string(value.integer) : std::to_string(value.magnitude);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i)
    if (lower(left[i]) != lower(right[i])) return false;
  return true;
}

}  // namespace

const json::Value* find_member(const json::Value& object, std::string_view name) {
  if (const json::Value* exact = object.find(name)) return exact;
  for (const auto& [key, value] : object.object)
    if (value.type != json::Type::Null && same_ignoring_case(key, name)) return &value;
  return nullptr;
}

void Decoding::fail(const json::Value& at, std::string_view why) {
  if (failed()) return;
  std::string pointer;
  for (const Step& step : path_) {
    if (step.name.data() == nullptr)
      pointer += format("[%zu]", step.index);
    else
      pointer.append(pointer.empty() ? "" : ".").append(step.name);
  }
  std::string message = prefix_;
  if (!pointer.empty()) {
    // Names of unknown maps (annotations) are foreign bytes: shown without control characters.
    const std::string shown = quoted(pointer);
    message.append(shown, 1, shown.size() - 2);
    message += ": ";
  }
  message += why;
  message += format(" (line %u, column %u)", at.line, at.column);
  error_ = make_error(std::move(message));
}

void Decoding::expected(const char* what, const json::Value& found) {
  fail(found, format("expected %s, found %s", what, json::type_name(found.type)));
}

void Decoding::read_boolean(const json::Value& value, bool& out) {
  if (value.type != json::Type::Boolean) return expected("boolean", value);
  out = value.boolean;
}

void Decoding::read_string(const json::Value& value, std::string& out) {
  if (value.type != json::Type::String) return expected("string", value);
  // A NUL would cut the text silently wherever the kernel takes it.
  if (memchr(value.string.data(), '\0', value.string.size()) != nullptr)
    return fail(value, "a string may not contain a NUL character");
  out = value.string;
}

void Decoding::read_bytes(const json::Value& value, std::string& out) {
  if (value.type == json::Type::String) {
    out = value.string;
    return;
  }
  const json::Value* hex = value.find("hex");
  if (hex == nullptr || hex->type != json::Type::String) return expected("string or {\"hex\"}", value);
  if (hex->string.size() % 2 != 0) return fail(*hex, "odd number of hexadecimal digits");
  out.clear();
  for (size_t i = 0; i < hex->string.size(); i += 2) {
    const int high = hex_digit(hex->string[i]), low = hex_digit(hex->string[i + 1]);
    if (high < 0 || low < 0) return fail(*hex, "expected hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
  }
}

int64_t Decoding::read_signed(const json::Value& value, int64_t min, int64_t max) {
  if (value.type != json::Type::Integer) {
    expected("integer", value);
    return 0;
  }
  const bool too_large = !value.negative && value.magnitude > static_cast<uint64_t>(max);
  if (too_large || value.integer < min) {
    fail(value, format("expected an integer from %lld to %lld, found %s", static_cast<long long>(min),
                       static_cast<long long>(max), found_text(value).c_str()));
    return 0;
  }
  return value.integer;
}

uint64_t Decoding::read_unsigned(const json::Value& value, uint64_t max) {
  if (value.type != json::Type::Integer) {
    expected("integer", value);
    return 0;
  }
  if ((value.negative && value.magnitude != 0) || value.magnitude > max) {
    fail(value, format("expected an integer from 0 to %llu, found %s", static_cast<unsigned long long>(max),
                       found_text(value).c_str()));
    return 0;
  }
  return value.magnitude;
}

size_t Decoding::read_name(const json::Value& value, const char* const* names, size_t count) {
  if (value.type != json::Type::String) {
    expected("string", value);
    return 0;
  }
  for (size_t i = 0; i < count; ++i) {
    if (value.string == names[i]) return i;
  }
  fail(value, "unknown value " + quoted(value.string, 64));
  return 0;
}

void FieldWriter::bytes(const char* name, const std::string& value) {
  bool ascii = true;
  for (const char c : value) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  if (ascii) return always(name, value);
  // JSON holds text only; anything else travels as digits.
  std::string hex;
  hex.reserve(value.size() * 2);
  for (const char c : value) hex += format("%02x", static_cast<unsigned char>(c));
  writer_.key(name).begin_object().member("hex", hex).end_object();
}

}  // namespace nemoclaw::oci
