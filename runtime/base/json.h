// JSON (RFC 8259) values with source positions, and a writer. The only file that knows yajl is json.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::json {

enum class Type : uint8_t { Null, Boolean, Integer, Number, String, Array, Object };

// A parsed value. Objects keep the order of the file; a duplicate key is a parse error.
struct Value {
  // Defined where Value is complete: clang cannot make them here, because a pair that holds a Value is among the members.
  Value();
  ~Value();
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;

  Type type = Type::Null;
  bool boolean = false;
  int64_t integer = 0;      // Type::Integer (fits int64)
  uint64_t magnitude = 0;   // Type::Integer: the value when it is >= 0, up to 2^64-1
  bool negative = false;
  double number = 0;        // Type::Integer and Type::Number
  std::string string;
  std::vector<Value> array;
  std::vector<std::pair<std::string, Value>> object;
  uint32_t line = 0;        // 1-based position of the value's end in the text
  uint32_t column = 0;

  // The member, or nullptr if absent (or if this is not an object). A JSON null counts as absent.
  const Value* find(std::string_view key) const;
  bool is_string() const { return type == Type::String; }
};

struct Limits {
  size_t bytes_max = size_t{16} << 20;
  size_t depth_max = 128;
  size_t values_max = 1'000'000;
};

// Errors name line and column: "line 3, column 14: unexpected token ...". Invalid UTF-8 is an error.
Result<Value> parse(std::string_view text, const Limits& limits = {});

const char* type_name(Type type);

// Length of the valid UTF-8 sequence at the start of `text` (not empty), 0 if there is none: RFC 3629, so no overlong
// forms, no surrogates, nothing above U+10FFFF.
size_t utf8_sequence(std::string_view text);

// Builds compact (or indented) JSON text. Calls must nest properly; strings that are not UTF-8 are written with
// U+FFFD in place of the bad bytes, so the output is always valid JSON.
class Writer {
 public:
  explicit Writer(bool indent = false) : indent_(indent) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(bool boolean);
  Writer& value(int64_t number);
  Writer& value(uint64_t number);
  Writer& value(int number) { return value(static_cast<int64_t>(number)); }
  Writer& value(unsigned number) { return value(static_cast<uint64_t>(number)); }
  Writer& value(double number);
  Writer& value(const Value& parsed);  // a parsed value, written back
  Writer& null();

  template <typename T>
  Writer& member(std::string_view name, const T& content) {
    key(name);
    return value(content);
  }
  Writer& member(std::string_view name, const std::vector<std::string>& texts);

  const std::string& text() const& { return text_; }
  std::string take() { return std::move(text_); }

 private:
  void separate();
  void newline();

  std::string text_;
  std::vector<bool> has_items_;
  bool after_key_ = false;
  bool indent_;
};

// The text as a JSON string with its quotes.
std::string quote(std::string_view text);

}  // namespace nemoclaw::json
