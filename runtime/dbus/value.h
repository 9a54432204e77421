// Values of the D-Bus type system (D-Bus specification, "Type System"), and their wire form. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::dbus {

struct Value {
  // A basic type's code (y b n q i u x t d h s o g), or 'a', '(' for a struct, '{' for a dictionary's entry, 'v'.
  char type = 'u';
  uint64_t number = 0;       // y b n q i u x t h, sign-extended; d: its bits
  std::string text;          // s o g; 'a': the signature of one element
  std::vector<Value> items;  // a ( { v

  std::string signature() const;
  bool operator==(const Value&) const = default;
};

// The makers carry the type's code in their names' place: boolean 'b', number of a given code, text of a given code.
Value make_number(char type, uint64_t number);
inline Value make_boolean(bool value) { return make_number('b', value ? 1 : 0); }
Value make_text(std::string text, char type = 's');
Value make_struct(std::vector<Value> members);
Value make_variant(Value content);
// All elements have the signature `element`.
Value make_array(std::string element, std::vector<Value> items = {});
Value make_bytes(const std::vector<uint8_t>& bytes);  // "ay"

// Little-endian, appended to `out`, whose start is what alignment counts from.
void encode(const Value& value, std::string& out);

// One value per complete type of `signature`, from `data` at `offset` (moved past them). Every length is checked against
// what is there, nesting against the specification's limit.
Result<std::vector<Value>> decode(std::string_view signature, std::string_view data, size_t& offset);

// "a(sv)u" -> the length of its first complete type; 0 if it is malformed.
size_t complete_type(std::string_view signature);
// Every type in it is complete.
bool is_signature(std::string_view signature);

}  // namespace nemoclaw::dbus
