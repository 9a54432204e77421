#include "runtime/base/json.h"

#include <yajl/yajl_parse.h>

#include <charconv>
#include <cmath>
#include <functional>

#include "runtime/base/defer.h"

namespace nemoclaw::json {

namespace {

struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
};

// Builds the tree from yajl's events. Positions come from the bytes that yajl has consumed, advanced monotonically.
class Builder {
 public:
  Builder(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  yajl_handle handle = nullptr;
  std::string error;
  Value root;

  bool add(Value value) {
    if (++values_ > limits_.values_max) return fail(format("more than %zu values", limits_.values_max));
    const Position at = position();
    value.line = at.line;
    value.column = at.column;
    const bool container = value.type == Type::Array || value.type == Type::Object;
    Value* slot = place(std::move(value));
    if (container) {
      if (stack_.size() >= limits_.depth_max) return fail(format("nested deeper than %zu", limits_.depth_max));
      stack_.push_back(slot);
      hashes_.emplace_back();
    }
    return true;
  }

  bool add_key(std::string key) {
    auto& members = stack_.back()->object;
    if (members.size() > 10'000) return fail("object with more than 10000 members");
    if (is_duplicate(key)) return fail("duplicate key " + quoted(key));
    members.emplace_back(std::move(key), Value{});
    return true;
  }

  bool end_container() {
    stack_.pop_back();
    hashes_.pop_back();
    return true;
  }

  bool fail(std::string why) {
    const Position at = position();
    error = format("line %u, column %u: %s", at.line, at.column, why.c_str());
    return false;
  }

  Position position() {
    const size_t consumed = std::min(yajl_get_bytes_consumed(handle), text_.size());
    while (scanned_ < consumed) {
      if (text_[scanned_++] == '\n') {
        ++here_.line;
        here_.column = 1;
      } else {
        ++here_.column;
      }
    }
    return here_;
  }

 private:
  // By comparing, in the small objects that configs have; by hashes in one that may be hostile.
  bool is_duplicate(const std::string& key) {
    constexpr size_t compared_max = 64;
    const auto& members = stack_.back()->object;
    if (members.size() < compared_max) {
      for (const auto& [name, unused] : members)
        if (name == key) return true;
      return false;
    }
    std::vector<size_t>& hashes = hashes_.back();
    while (hashes.size() < members.size()) hashes.push_back(std::hash<std::string>()(members[hashes.size()].first));
    const size_t hash = std::hash<std::string>()(key);
    for (size_t i = 0; i < hashes.size(); ++i)
      if (hashes[i] == hash && members[i].first == key) return true;
    return false;
  }

  Value* place(Value value) {
    if (stack_.empty()) {
      root = std::move(value);
      return &root;
    }
    Value& parent = *stack_.back();
    if (parent.type == Type::Array) return &parent.array.emplace_back(std::move(value));
    return &(parent.object.back().second = std::move(value));
  }

  std::string_view text_;
  const Limits& limits_;
  // Pointers into the tree stay valid: a container grows only while its last element is not on the stack.
  std::vector<Value*> stack_;
  std::vector<std::vector<size_t>> hashes_;  // of the members of each open object, once there are many
  size_t values_ = 0;
  size_t scanned_ = 0;
  Position here_;
};

Builder& builder(void* context) { return *static_cast<Builder*>(context); }

int on_null(void* context) { return builder(context).add(Value{}); }

int on_boolean(void* context, int boolean) {
  Value value;
  value.type = Type::Boolean;
  value.boolean = boolean != 0;
  return builder(context).add(std::move(value));
}

int on_number(void* context, const char* text, size_t length) {
  Value value;
  const std::string_view digits(text, length);
  value.negative = digits.starts_with('-');
  const std::string_view unsigned_digits = digits.substr(value.negative ? 1 : 0);
  const auto whole = std::from_chars(unsigned_digits.data(), unsigned_digits.data() + unsigned_digits.size(), value.magnitude);
  const bool integral = whole.ec == std::errc() && whole.ptr == unsigned_digits.data() + unsigned_digits.size() &&
                        (!value.negative || value.magnitude <= uint64_t{1} << 63);
  const std::errc rounded = std::from_chars(text, text + length, value.number).ec;
  value.type = Type::Number;
  if (integral) {
    value.type = Type::Integer;
    value.integer = static_cast<int64_t>(value.negative ? ~value.magnitude + 1 : value.magnitude);
  } else if (rounded != std::errc() || !std::isfinite(value.number)) {
    return builder(context).fail("number out of range");
  }
  return builder(context).add(std::move(value));
}

// yajl lets overlong forms and surrogates through.
bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

int on_string(void* context, const unsigned char* text, size_t length) {
  if (!is_utf8({reinterpret_cast<const char*>(text), length}))
    return builder(context).fail("invalid UTF-8 in a string");
  Value value;
  value.type = Type::String;
  value.string.assign(reinterpret_cast<const char*>(text), length);
  return builder(context).add(std::move(value));
}

int on_start_map(void* context) {
  Value value;
  value.type = Type::Object;
  return builder(context).add(std::move(value));
}

int on_map_key(void* context, const unsigned char* text, size_t length) {
  if (!is_utf8({reinterpret_cast<const char*>(text), length}))
    return builder(context).fail("invalid UTF-8 in a key");
  return builder(context).add_key(std::string(reinterpret_cast<const char*>(text), length));
}

int on_start_array(void* context) {
  Value value;
  value.type = Type::Array;
  return builder(context).add(std::move(value));
}

int on_end(void* context) { return builder(context).end_container(); }

constexpr yajl_callbacks callbacks = {on_null,      on_boolean, nullptr, nullptr,        on_number, on_string,
                                      on_start_map, on_map_key, on_end,  on_start_array, on_end};

std::string first_line(const char* message) {
  std::string_view text(message);
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

Value::Value() = default;
Value::~Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;

const Value* Value::find(std::string_view key) const {
  for (const auto& [name, member] : object) {
    if (name == key) return member.type == Type::Null ? nullptr : &member;
  }
  return nullptr;
}

Result<Value> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes_max)
    return make_error(format("%zu bytes are more than the limit of %zu", text.size(), limits.bytes_max));
  Builder tree(text, limits);
  tree.handle = yajl_alloc(&callbacks, nullptr, &tree);
  Defer release([&] { yajl_free(tree.handle); });
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  yajl_status status = yajl_parse(tree.handle, bytes, text.size());
  if (status == yajl_status_ok) status = yajl_complete_parse(tree.handle);
  if (status == yajl_status_ok) return std::move(tree.root);
  if (tree.error.empty()) {
    unsigned char* message = yajl_get_error(tree.handle, 0, bytes, text.size());
    tree.fail(first_line(reinterpret_cast<char*>(message)));
    yajl_free_error(tree.handle, message);
  }
  return make_error(std::move(tree.error));
}

const char* type_name(Type type) {
  switch (type) {
    case Type::Null: return "null";
    case Type::Boolean: return "boolean";
    case Type::Integer: return "integer";
    case Type::Number: return "number";
    case Type::String: return "string";
    case Type::Array: return "array";
    case Type::Object: return "object";
  }
  return "unknown";
}

}  // namespace nemoclaw::json
