// What a value may look like, as plain data. The rows of the reader's tables carry it, and the JSON Schema is
// written from it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace nemoclaw::policy {

struct KeyInfo;
// The rows of a table, asked for late: tables name each other.
using Members = std::function<std::vector<KeyInfo>()>;

struct Shape {
  enum Kind : uint8_t { Boolean, Integer, Text, Choice, List, Map, Object, Either };

  Shape(Kind the_kind) : kind(the_kind) {}

  Kind kind;
  uint64_t minimum = 0, maximum = 0;  // Integer
  bool numbers = false;               // Text: a plain decimal stands for its digits
  const char* pattern = "";           // Text: what the value must at least look like; an ECMA 262 expression
  std::vector<std::string_view> choices;  // Choice
  std::vector<Shape> parts;               // List, Map: one, of every value; Either: the alternatives
  bool may_be_empty = true;               // List
  Members members;                        // Object
  std::vector<std::vector<const char*>> exactly_one, at_most_one;  // Object: keys that exclude each other
};

struct KeyInfo {
  const char* name;
  Shape shape;
  const char* summary;  // one sentence, for the schema and for editors
  bool required = false;
};

inline Shape integer_shape(uint64_t minimum, uint64_t maximum) {
  Shape shape = Shape::Integer;
  shape.minimum = minimum;
  shape.maximum = maximum;
  return shape;
}

inline Shape text_shape(const char* pattern, bool numbers = false) {
  Shape shape = Shape::Text;
  shape.pattern = pattern;
  shape.numbers = numbers;
  return shape;
}

inline Shape choice_shape(std::vector<std::string_view> choices) {
  Shape shape = Shape::Choice;
  shape.choices = std::move(choices);
  return shape;
}

inline Shape list_shape(Shape item, bool may_be_empty = true) {
  Shape shape = Shape::List;
  shape.parts = {std::move(item)};
  shape.may_be_empty = may_be_empty;
  return shape;
}

inline Shape map_shape(Shape value) {
  Shape shape = Shape::Map;
  shape.parts = {std::move(value)};
  return shape;
}

inline Shape object_shape(Members members) {
  Shape shape = Shape::Object;
  shape.members = std::move(members);
  return shape;
}

inline Shape either_shape(std::vector<Shape> alternatives) {
  Shape shape = Shape::Either;
  shape.parts = std::move(alternatives);
  return shape;
}

}  // namespace nemoclaw::policy
