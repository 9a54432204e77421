// Tables of keys: what may stand in a map, what shape its value has, and where it goes in the model. One
// table per kind of map; the reader, its "did you mean" and the JSON Schema all follow from the same tables.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/parse/diagnostics.h"
#include "policy/parse/scalar.h"
#include "policy/parse/tree.h"

namespace nemoclaw::policy {

enum class Shape : uint8_t {
  Boolean,
  Integer,
  Text,
  TextOrNumber,
  Choice,
  TextList,
  IntegerList,
  Object,
  ObjectList,
  ObjectMap,
  Other
};

struct KeyInfo {
  const char* name;
  Shape shape;
  const char* summary;                    // one sentence, for the schema and for editors
  uint64_t minimum = 0, maximum = 0;      // Integer, IntegerList
  std::vector<std::string_view> choices;  // Choice
  const char* refers = "";                // Object*: the name of the table that its members follow
  bool required = false;
};

template <typename T>
struct Key {
  KeyInfo info;
  std::function<void(Diagnostics&, const Node&, T&)> decode;
};

template <typename T>
using Keys = std::vector<Key<T>>;

// What an unknown key's message says.
void unknown_key(Diagnostics& diagnostics, const Node::Member& member, std::string_view where,
                 const std::vector<std::string_view>& known);
void missing_key(Diagnostics& diagnostics, Location at, std::string_view where, std::string_view key);

// `where` names the map in messages: "process", "an endpoint". Returns false if the node is no map.
template <typename T>
bool decode_map(Diagnostics& diagnostics, const Node& node, std::string_view where, const Keys<T>& keys,
                T& out) {
  if (!expect_kind(diagnostics, node, NodeKind::Map, where)) return false;
  for (const Node::Member& member : node.members) {
    const Key<T>* found = nullptr;
    for (const Key<T>& key : keys)
      if (member.key == key.info.name) found = &key;
    if (found) {
      found->decode(diagnostics, member.value, out);
      continue;
    }
    std::vector<std::string_view> known;
    for (const Key<T>& key : keys) known.push_back(key.info.name);
    unknown_key(diagnostics, member, where, known);
  }
  for (const Key<T>& key : keys)
    if (key.info.required && !node.find(key.info.name))
      missing_key(diagnostics, node.at, where, key.info.name);
  return true;
}

// Makers of table rows. Each writes the member only if the value fits.
template <typename T>
Key<T> boolean(const char* name, bool T::*member, const char* summary) {
  return {{name, Shape::Boolean, summary}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_boolean(d, node, name)) out.*member = *value;
          }};
}

template <typename T>
Key<T> integer(const char* name, uint32_t T::*member, uint64_t minimum, uint64_t maximum,
               const char* summary) {
  return {{name, Shape::Integer, summary, minimum, maximum}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_integer(d, node, name, minimum, maximum))
              out.*member = static_cast<uint32_t>(*value);
          }};
}

template <typename T>
Key<T> integer(const char* name, uint64_t T::*member, uint64_t minimum, uint64_t maximum,
               const char* summary) {
  return {{name, Shape::Integer, summary, minimum, maximum}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_integer(d, node, name, minimum, maximum)) out.*member = *value;
          }};
}

template <typename T>
Key<T> integer(const char* name, std::optional<uint64_t> T::*member, uint64_t minimum, uint64_t maximum,
               const char* summary) {
  return {{name, Shape::Integer, summary, minimum, maximum}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_integer(d, node, name, minimum, maximum)) out.*member = *value;
          }};
}

template <typename T>
Key<T> text(const char* name, std::string T::*member, const char* summary,
            Numbers numbers = Numbers::Refused) {
  const Shape shape = numbers == Numbers::Accepted ? Shape::TextOrNumber : Shape::Text;
  return {{name, shape, summary}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_text(d, node, name, numbers)) out.*member = std::move(*value);
          }};
}

// `set` gets the index of the choice.
template <typename T, typename Set>
Key<T> choice(const char* name, std::vector<std::string_view> choices, Set set, const char* summary) {
  return {{name, Shape::Choice, summary, 0, 0, choices}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto index = read_choice(d, node, name, choices)) set(out, *index);
          }};
}

std::vector<std::string> read_text_list(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                        Numbers numbers = Numbers::Refused);

template <typename T>
Key<T> text_list(const char* name, std::vector<std::string> T::*member, const char* summary) {
  return {{name, Shape::TextList, summary},
          [=](Diagnostics& d, const Node& node, T& out) { out.*member = read_text_list(d, node, name); }};
}

// Anything else: the function gets the value's node and the owner.
template <typename T, typename Decode>
Key<T> other(const char* name, Shape shape, const char* refers, Decode decode, const char* summary) {
  return {{name, shape, summary, 0, 0, {}, refers}, decode};
}

template <typename T>
Key<T> required(Key<T> key) {
  key.info.required = true;
  return key;
}

// Calls `each` for every item if the node is a list.
template <typename Each>
void for_each_item(Diagnostics& diagnostics, const Node& node, std::string_view key, Each each) {
  if (!expect_kind(diagnostics, node, NodeKind::List, key)) return;
  for (const Node& item : node.items) each(item);
}

}  // namespace nemoclaw::policy
