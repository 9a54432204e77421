#include "runtime/dbus/value.h"

#include <cstring>

namespace nemoclaw::dbus {

namespace {

constexpr size_t kDepthMax = 32;
constexpr size_t kSignatureMax = 255;

size_t alignment_of(char type) {
  switch (type) {
    case 'n': case 'q': return 2;
    case 'b': case 'i': case 'u': case 'h': case 's': case 'o': case 'a': return 4;
    case 'x': case 't': case 'd': case '(': case '{': return 8;
    default: return 1;  // y g v
  }
}

// Bytes of a number's wire form; 0 for what is not a number.
size_t width_of(char type) {
  switch (type) {
    case 'y': return 1;
    case 'n': case 'q': return 2;
    case 'b': case 'i': case 'u': case 'h': return 4;
    case 'x': case 't': case 'd': return 8;
    default: return 0;
  }
}

bool is_text(char type) { return type == 's' || type == 'o' || type == 'g'; }

void align(std::string& out, size_t alignment) { out.append((alignment - out.size() % alignment) % alignment, '\0'); }

void append_number(std::string& out, uint64_t number, size_t width) {
  for (size_t i = 0; i < width; ++i) out += static_cast<char>(number >> (8 * i));
}

// Length of the complete type at the start; 0 if there is none.
size_t type_length(std::string_view signature, size_t depth) {
  if (signature.empty() || depth > kDepthMax) return 0;
  const char type = signature[0];
  if (width_of(type) != 0 || is_text(type) || type == 'v') return 1;
  if (type == 'a') {
    const std::string_view rest = signature.substr(1);
    if (rest.starts_with('{')) {
      // A dictionary's entry: a basic key and one value.
      if (rest.size() < 4 || (width_of(rest[1]) == 0 && !is_text(rest[1]))) return 0;
      const size_t value = type_length(rest.substr(2), depth + 1);
      return value != 0 && rest.size() > 2 + value && rest[2 + value] == '}' ? value + 4 : 0;
    }
    const size_t element = type_length(rest, depth + 1);
    return element == 0 ? 0 : element + 1;
  }
  if (type != '(') return 0;
  size_t at = 1;
  while (at < signature.size() && signature[at] != ')') {
    const size_t member = type_length(signature.substr(at), depth + 1);
    if (member == 0) return 0;
    at += member;
  }
  return at < signature.size() && at > 1 ? at + 1 : 0;
}

class Decoder {
 public:
  Decoder(std::string_view data, size_t offset) : data_(data), at_(offset) {}
  size_t offset() const { return at_; }

  // `signature` is one complete type, or a dictionary's entry within an array.
  Result<Value> value(std::string_view signature, size_t depth) {
    if (depth > 2 * kDepthMax) return make_error("D-Bus: values are nested too deeply");
    Value value;
    value.type = signature[0];
    if (const size_t width = width_of(value.type)) {
      TRY(skip_padding(alignment_of(value.type)));
      value.number = TRY(number(width));
      if (value.type == 'b' && value.number > 1) return make_error("D-Bus: a boolean is neither 0 nor 1");
      if (value.type == 'n') value.number = static_cast<uint64_t>(int64_t{static_cast<int16_t>(value.number)});
      if (value.type == 'i') value.number = static_cast<uint64_t>(int64_t{static_cast<int32_t>(value.number)});
      return value;
    }
    if (is_text(value.type)) {
      value.text = TRY(text(value.type));
      return value;
    }
    if (value.type == 'v') return variant(depth);
    if (value.type == 'a') return array(signature.substr(1), depth);
    TRY(skip_padding(8));
    std::string_view members = signature.substr(1, signature.size() - 2);
    while (!members.empty()) {
      const size_t length = type_length(members, 0);
      value.items.push_back(TRY(this->value(members.substr(0, length), depth + 1)));
      members.remove_prefix(length);
    }
    return value;
  }

 private:
  Error truncated() const { return make_error("D-Bus: the message ends within a value"); }

  Result<void> skip_padding(size_t alignment) {
    const size_t padding = (alignment - at_ % alignment) % alignment;
    if (padding > data_.size() - at_) return truncated();
    at_ += padding;
    return {};
  }

  Result<uint64_t> number(size_t width) {
    if (width > data_.size() - at_) return truncated();
    uint64_t number = 0;
    for (size_t i = 0; i < width; ++i) number |= uint64_t{static_cast<uint8_t>(data_[at_ + i])} << (8 * i);
    at_ += width;
    return number;
  }

  Result<std::string> text(char type) {
    if (type != 'g') TRY(skip_padding(4));
    const uint64_t length = TRY(number(type == 'g' ? 1 : 4));
    if (at_ == data_.size() || length > data_.size() - at_ - 1) return truncated();
    std::string text(data_.substr(at_, length));
    if (data_[at_ + length] != '\0' || text.find('\0') != std::string::npos)
      return make_error("D-Bus: a string does not end where it should");
    at_ += length + 1;
    return text;
  }

  Result<Value> variant(size_t depth) {
    const std::string signature = TRY(text('g'));
    if (signature.empty() || complete_type(signature) != signature.size())
      return make_error("D-Bus: a variant must hold exactly one value");
    return make_variant(TRY(value(signature, depth + 1)));
  }

  Result<Value> array(std::string_view element, size_t depth) {
    TRY(skip_padding(4));
    const uint64_t length = TRY(number(4));
    TRY(skip_padding(alignment_of(element[0])));
    if (length > data_.size() - at_) return truncated();
    Value value = make_array(std::string(element));
    const size_t end = at_ + length;
    while (at_ < end) {
      value.items.push_back(TRY(this->value(element, depth + 1)));
      if (at_ > end) return make_error("D-Bus: an array's last element goes beyond its end");
    }
    return value;
  }

  std::string_view data_;
  size_t at_;
};

}  // namespace

std::string Value::signature() const {
  if (type == 'a') return "a" + text;
  if (type != '(' && type != '{') return std::string(1, type);
  std::string members;
  for (const Value& item : items) members += item.signature();
  return type + members + (type == '(' ? ')' : '}');
}

Value make_number(char type, uint64_t number) {
  Value value;
  value.type = type;
  value.number = number;
  return value;
}

Value make_text(std::string text, char type) {
  Value value;
  value.type = type;
  value.text = std::move(text);
  return value;
}

Value make_struct(std::vector<Value> members) {
  Value value;
  value.type = '(';
  value.items = std::move(members);
  return value;
}

Value make_variant(Value content) {
  Value value;
  value.type = 'v';
  value.items.push_back(std::move(content));
  return value;
}

Value make_array(std::string element, std::vector<Value> items) {
  Value value;
  value.type = 'a';
  value.text = std::move(element);
  value.items = std::move(items);
  return value;
}

Value make_bytes(const std::vector<uint8_t>& bytes) {
  Value value = make_array("y");
  for (const uint8_t byte : bytes) value.items.push_back(make_number('y', byte));
  return value;
}

void encode(const Value& value, std::string& out) {
  align(out, alignment_of(value.type));
  if (const size_t width = width_of(value.type)) return append_number(out, value.number, width);
  if (is_text(value.type)) {
    append_number(out, value.text.size(), value.type == 'g' ? 1 : 4);
    out.append(value.text).push_back('\0');
    return;
  }
  if (value.type == 'v') encode(make_text(value.items[0].signature(), 'g'), out);
  if (value.type != 'a') {
    for (const Value& item : value.items) encode(item, out);
    return;
  }
  const size_t length_at = out.size();
  append_number(out, 0, 4);
  align(out, alignment_of(value.text[0]));
  const size_t begin = out.size();
  for (const Value& item : value.items) encode(item, out);
  std::string length;
  append_number(length, out.size() - begin, 4);
  out.replace(length_at, 4, length);
}

Result<std::vector<Value>> decode(std::string_view signature, std::string_view data, size_t& offset) {
  if (!is_signature(signature)) return make_error("D-Bus: malformed signature " + quoted(signature));
  if (offset > data.size()) return make_error("D-Bus: the message ends before its values");
  Decoder decoder(data, offset);
  std::vector<Value> values;
  while (!signature.empty()) {
    const size_t length = complete_type(signature);
    values.push_back(TRY(decoder.value(signature.substr(0, length), 0)));
    signature.remove_prefix(length);
  }
  offset = decoder.offset();
  return values;
}

size_t complete_type(std::string_view signature) { return type_length(signature, 0); }

bool is_signature(std::string_view signature) {
  if (signature.size() > kSignatureMax) return false;
  while (!signature.empty()) {
    const size_t length = complete_type(signature);
    if (length == 0) return false;
    signature.remove_prefix(length);
  }
  return true;
}

}  // namespace nemoclaw::dbus
