// One table per struct says which JSON member is which field; reading and writing both walk it, so they cannot differ.
//
//   template <> struct Table<Root> {
//     static void visit(auto& field, auto& root) {
//       field.always("path", root.path);       // written even when it has its default value
//       field("readonly", root.readonly);      // left out when it has
//     }
//   };
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace nemoclaw::oci {

template <typename T>
struct Table;

// The names of an enumeration's values in their order: `static constexpr const char* names[]`.
template <typename T>
struct EnumNames;

// One decoding run: where it is in the tree and the first error. After an error everything else is skipped.
class Decoding {
 public:
  explicit Decoding(std::string prefix) : prefix_(std::move(prefix)) {}

  bool failed() const { return error_.has_value(); }
  Error take_error() { return std::move(*error_); }

  void expected(const char* what, const json::Value& found);
  void fail(const json::Value& at, std::string_view why);
  void read_boolean(const json::Value& value, bool& out);
  void read_string(const json::Value& value, std::string& out);
  void read_bytes(const json::Value& value, std::string& out);
  int64_t read_signed(const json::Value& value, int64_t min, int64_t max);
  uint64_t read_unsigned(const json::Value& value, uint64_t max);
  size_t read_name(const json::Value& value, const char* const* names, size_t count);

  // Steps of the pointer; names are borrowed from the tables and the tree.
  void enter(std::string_view name) { path_.push_back({name, 0}); }
  void enter(size_t index) { path_.push_back({{}, index}); }
  void leave() { path_.pop_back(); }

 private:
  struct Step {
    std::string_view name;  // empty data pointer: an array's element
    size_t index;
  };

  std::string prefix_;
  std::vector<Step> path_;
  std::optional<Error> error_;
};

// The member of this name. Managers and runc decode with Go, which takes a name in any case when no exact one is there: what
// they would apply must not be overlooked here.
const json::Value* find_member(const json::Value& object, std::string_view name);

namespace detail {

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <typename T>
inline constexpr bool is_vector = false;
template <typename T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <typename T>
inline constexpr bool is_members = false;  // a JSON object with names of its own
template <typename T>
inline constexpr bool is_members<std::vector<std::pair<std::string, T>>> = true;

template <typename T>
void read(Decoding& decoding, const json::Value& value, T& out);

}  // namespace detail

class FieldReader {
 public:
  FieldReader(Decoding& decoding, const json::Value& object) : decoding_(decoding), object_(object) {}

  template <typename T>
  void operator()(const char* name, T& out) {
    with(name, [&](const json::Value& value) { detail::read(decoding_, value, out); });
  }
  template <typename T>
  void always(const char* name, T& out) {
    (*this)(name, out);
  }
  void bytes(const char* name, std::string& out) {
    with(name, [&](const json::Value& value) { decoding_.read_bytes(value, out); });
  }
  // An object that has no struct of its own.
  template <typename F>
  void object(const char* name, bool, F visit) {
    with(name, [&](const json::Value& value) {
      if (value.type != json::Type::Object) return decoding_.expected("object", value);
      FieldReader inner(decoding_, value);
      visit(inner);
    });
  }

 private:
  template <typename F>
  void with(const char* name, F use) {
    if (decoding_.failed()) return;
    const json::Value* value = find_member(object_, name);
    if (value == nullptr) return;
    decoding_.enter(name);
    use(*value);
    decoding_.leave();
  }

  Decoding& decoding_;
  const json::Value& object_;
};

namespace detail {

template <typename T>
void read_array(Decoding& decoding, const json::Value& value, std::vector<T>& out) {
  if (value.type != json::Type::Array) return decoding.expected("array", value);
  out.reserve(value.array.size());
  for (size_t i = 0; i < value.array.size() && !decoding.failed(); ++i) {
    decoding.enter(i);
    read(decoding, value.array[i], out.emplace_back());
    decoding.leave();
  }
}

template <typename T>
void read_members(Decoding& decoding, const json::Value& value, std::vector<std::pair<std::string, T>>& out) {
  if (value.type != json::Type::Object) return decoding.expected("object", value);
  out.reserve(value.object.size());
  for (const auto& [name, member] : value.object) {
    if (decoding.failed()) return;
    decoding.enter(std::string_view(name));
    read(decoding, member, out.emplace_back(name, T{}).second);
    decoding.leave();
  }
}

template <typename T>
void read(Decoding& decoding, const json::Value& value, T& out) {
  if constexpr (std::is_same_v<T, bool>) {
    decoding.read_boolean(value, out);
  } else if constexpr (std::is_enum_v<T>) {
    out = static_cast<T>(decoding.read_name(value, EnumNames<T>::names, std::size(EnumNames<T>::names)));
  } else if constexpr (std::is_unsigned_v<T>) {
    out = static_cast<T>(decoding.read_unsigned(value, std::numeric_limits<T>::max()));
  } else if constexpr (std::is_integral_v<T>) {
    out = static_cast<T>(
        decoding.read_signed(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  } else if constexpr (std::is_same_v<T, std::string>) {
    decoding.read_string(value, out);
  } else if constexpr (is_optional<T>) {
    read(decoding, value, out.emplace());
  } else if constexpr (is_members<T>) {
    read_members(decoding, value, out);
  } else if constexpr (is_vector<T>) {
    read_array(decoding, value, out);
  } else {
    if (value.type != json::Type::Object) return decoding.expected("object", value);
    FieldReader fields(decoding, value);
    Table<T>::visit(fields, out);
  }
}

template <typename T>
void write(json::Writer& writer, const T& value);

}  // namespace detail

class FieldWriter {
 public:
  explicit FieldWriter(json::Writer& writer) : writer_(writer) {}

  template <typename T>
  void operator()(const char* name, const T& value) {
    if (!(value == T{})) always(name, value);
  }
  template <typename T>
  void always(const char* name, const T& value) {
    writer_.key(name);
    detail::write(writer_, value);
  }
  void bytes(const char* name, const std::string& value);
  template <typename F>
  void object(const char* name, bool present, F visit) {
    if (!present) return;
    writer_.key(name).begin_object();
    visit(*this);
    writer_.end_object();
  }

 private:
  json::Writer& writer_;
};

namespace detail {

template <typename T>
void write(json::Writer& writer, const T& value) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    writer.value(value);
  } else if constexpr (std::is_enum_v<T>) {
    writer.value(EnumNames<T>::names[static_cast<size_t>(value)]);
  } else if constexpr (std::is_unsigned_v<T>) {
    writer.value(static_cast<uint64_t>(value));
  } else if constexpr (std::is_integral_v<T>) {
    writer.value(static_cast<int64_t>(value));
  } else if constexpr (is_optional<T>) {
    write(writer, *value);
  } else if constexpr (is_members<T>) {
    writer.begin_object();
    for (const auto& [name, member] : value) {
      writer.key(name);
      write(writer, member);
    }
    writer.end_object();
  } else if constexpr (is_vector<T>) {
    writer.begin_array();
    for (const auto& item : value) write(writer, item);
    writer.end_array();
  } else {
    writer.begin_object();
    FieldWriter fields(writer);
    Table<T>::visit(fields, value);
    writer.end_object();
  }
}

}  // namespace detail

// Depth far above any real file (a config is 7 deep), so that a hostile one stops early.
inline constexpr json::Limits document_limits{.bytes_max = size_t{16} << 20, .depth_max = 48, .values_max = 500'000};

template <typename T>
Result<T> decode_value(const json::Value& value, std::string prefix) {
  Decoding decoding(std::move(prefix));
  T out;
  detail::read(decoding, value, out);
  if (decoding.failed()) return decoding.take_error();
  return out;
}

// A whole file; errors begin with `file_name`.
template <typename T>
Result<T> decode_text(std::string_view text, std::string_view file_name) {
  const json::Value tree = TRY_CONTEXT(json::parse(text, document_limits), file_name);
  return decode_value<T>(tree, std::string(file_name) + ": ");
}

template <typename T>
std::string encode_text(const T& value, bool indent = false) {
  json::Writer writer(indent);
  detail::write(writer, value);
  return writer.take();
}

}  // namespace nemoclaw::oci
