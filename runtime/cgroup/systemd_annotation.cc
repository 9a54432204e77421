// GVariant's text form (GLib, "GVariant Text Format"), as far as unit properties need it: booleans, numbers with or
// without their type in front, strings, arrays and tuples of these. The same subset that runc takes.
#include <charconv>
#include <optional>

#include "runtime/cgroup/systemd_unit.h"

namespace nemoclaw::cgroup {

namespace {

constexpr std::string_view kPrefix = "org.systemd.property.";
constexpr size_t kDepthMax = 8;

struct TypeName {
  std::string_view name;
  char code;
};
constexpr TypeName kTypes[] = {
    {"boolean", 'b'}, {"byte", 'y'},   {"int16", 'n'},  {"uint16", 'q'}, {"int32", 'i'},      {"uint32", 'u'},
    {"int64", 'x'},   {"uint64", 't'}, {"handle", 'h'}, {"string", 's'}, {"objectpath", 'o'}, {"signature", 'g'},
};

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '+'; }

// Whether a number fits a type; the value is its two's complement.
bool fits(char type, bool negative, uint64_t magnitude) {
  const auto below = [&](uint64_t limit) { return magnitude <= limit; };
  switch (type) {
    case 'y': return !negative && below(UINT8_MAX);
    case 'q': return !negative && below(UINT16_MAX);
    case 'u': case 'h': return !negative && below(UINT32_MAX);
    case 't': return !negative;
    case 'n': return below(negative ? uint64_t{1} << 15 : INT16_MAX);
    case 'i': return below(negative ? uint64_t{1} << 31 : INT32_MAX);
    case 'x': return below(negative ? uint64_t{1} << 63 : INT64_MAX);
    default: return false;
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<dbus::Value> all() {
    dbus::Value value = TRY(parse("", 0));
    skip_blanks();
    if (!text_.empty()) return make_error("there is more after the value: " + quoted(text_, 40));
    return value;
  }

 private:
  void skip_blanks() {
    while (text_.starts_with(' ') || text_.starts_with('\t')) text_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  // `wanted` is the signature that the surroundings ask for, "" if they do not.
  Result<dbus::Value> parse(std::string_view wanted, size_t depth) {
    if (depth > kDepthMax) return make_error("the value is nested too deeply");
    skip_blanks();
    if (text_.empty()) return make_error("a value is missing");
    if (text_[0] == '@') return annotated(depth);
    if (text_[0] == '\'' || text_[0] == '"') return string(wanted);
    if (text_[0] == '[') return array(wanted, depth);
    if (text_[0] == '(') return tuple(depth);
    size_t length = 0;
    while (length < text_.size() && is_word(text_[length])) ++length;
    const std::string_view word = text_.substr(0, length);
    if (word.empty()) return make_error("not a value: " + quoted(text_, 40));
    text_.remove_prefix(length);
    if (word == "true" || word == "false") return dbus::make_boolean(word == "true");
    for (const TypeName& each : kTypes)
      if (word == each.name) return typed(each.code, depth);
    return number(word, wanted);
  }

  Result<dbus::Value> typed(char code, size_t depth) {
    const std::string wanted(1, code);
    dbus::Value value = TRY(parse(wanted, depth + 1));
    if (value.signature() != wanted) return make_error("the value is not of the type that is written before it");
    return value;
  }

  // "@as []"
  Result<dbus::Value> annotated(size_t depth) {
    text_.remove_prefix(1);
    const size_t length = dbus::complete_type(text_);
    if (length == 0) return make_error("not a type: " + quoted(text_, 40));
    const std::string wanted(text_.substr(0, length));
    text_.remove_prefix(length);
    dbus::Value value = TRY(parse(wanted, depth + 1));
    if (value.signature() != wanted) return make_error("the value is not of the type @" + wanted);
    return value;
  }

  Result<dbus::Value> number(std::string_view word, std::string_view wanted) {
    const bool negative = word.starts_with('-');
    std::string_view digits = word.substr(negative || word.starts_with('+') ? 1 : 0);
    const bool hexadecimal = digits.starts_with("0x");
    if (hexadecimal) digits.remove_prefix(2);
    uint64_t magnitude = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, hexadecimal ? 16 : 10);
    if (error != std::errc() || end != digits.data() + digits.size() || digits.empty())
      return make_error("not a value: " + quoted(word, 40));
    const char type = wanted.size() == 1 ? wanted[0] : 'i';
    if (!fits(type, negative, magnitude))
      return make_error(std::string(word) + " does not fit the type '" + type + "'; write the type before it, as in uint64 5");
    return dbus::make_number(type, negative ? ~magnitude + 1 : magnitude);
  }

  Result<dbus::Value> string(std::string_view wanted) {
    const char quote = text_[0];
    std::string out;
    for (size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '\0') return make_error("a string holds a NUL character");
      if (text_[i] == quote) {
        text_.remove_prefix(i + 1);
        const bool is_text_type = wanted == "o" || wanted == "g";
        return dbus::make_text(std::move(out), is_text_type ? wanted[0] : 's');
      }
      if (text_[i] == '\\' && i + 1 < text_.size()) {
        const char c = text_[++i];
        if (c == '\0') return make_error("a string holds a NUL character");
        out += c == 'n' ? '\n' : c == 't' ? '\t' : c;
      } else {
        out += text_[i];
      }
    }
    return make_error("a string does not end");
  }

  Result<dbus::Value> array(std::string_view wanted, size_t depth) {
    text_.remove_prefix(1);
    std::string element(wanted.starts_with('a') ? wanted.substr(1) : "");
    std::vector<dbus::Value> items;
    while (!take(']')) {
      if (!items.empty() && !take(',')) return make_error("a comma or ] is missing");
      items.push_back(TRY(parse(element, depth + 1)));
      if (element.empty()) element = items[0].signature();
      if (items.back().signature() != element) return make_error("an array's elements must all have one type");
    }
    if (element.empty()) return make_error("the type of an empty array is unknown; write it, as in @as []");
    return dbus::make_array(std::move(element), std::move(items));
  }

  Result<dbus::Value> tuple(size_t depth) {
    text_.remove_prefix(1);
    std::vector<dbus::Value> members;
    while (!take(')')) {
      if (!members.empty() && !take(',')) return make_error("a comma or ) is missing");
      members.push_back(TRY(parse("", depth + 1)));
    }
    if (members.empty()) return make_error("a tuple must not be empty");
    return dbus::make_struct(std::move(members));
  }

  std::string_view text_;
};

bool is_property_name(std::string_view name) {
  if (name.size() < 3) return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
  return true;
}

// People write TimeoutStopSec, the bus has TimeoutStopUSec in microseconds.
Result<UnitProperty> as_microseconds(std::string name, const dbus::Value& value) {
  uint64_t seconds = value.number;
  const bool is_integer = value.type == 'i' || value.type == 'u' || value.type == 'x' || value.type == 't' ||
                          value.type == 'n' || value.type == 'q' || value.type == 'y';
  const bool negative = (value.type == 'i' || value.type == 'x' || value.type == 'n') && static_cast<int64_t>(seconds) < 0;
  if (!is_integer || negative || seconds > UINT64_MAX / 1'000'000)
    return make_error("a number of seconds is needed");
  return UnitProperty(name.substr(0, name.size() - 3) + "USec", dbus::make_number('t', seconds * 1'000'000));
}

}  // namespace

Result<UnitProperties> annotation_properties(const oci::StringMap& annotations) {
  UnitProperties properties;
  for (const auto& [key, text] : annotations) {
    if (!key.starts_with(kPrefix)) continue;
    const std::string context = "annotation " + quoted(key);
    const std::string name = key.substr(kPrefix.size());
    if (!is_property_name(name)) return make_error(context + ": not the name of a unit property");
    dbus::Value value = TRY_CONTEXT(Parser(text).all(), context);
    if (name.ends_with("Sec") && !name.ends_with("USec"))
      properties.push_back(TRY_CONTEXT(as_microseconds(name, value), context));
    else
      properties.emplace_back(name, std::move(value));
  }
  return properties;
}

}  // namespace nemoclaw::cgroup
