// Tables of keys: what may stand in a map, what shape its value has, and where it goes in the model. One
// table per kind of map; the reader, its "did you mean" and the JSON Schema all follow from the same tables.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/parse/diagnostics.h"
#include "policy/parse/scalar.h"
#include "policy/parse/shape.h"
#include "policy/parse/tree.h"

namespace nemoclaw::policy {

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
  return {{name, integer_shape(minimum, maximum), summary}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_integer(d, node, name, minimum, maximum))
              out.*member = static_cast<uint32_t>(*value);
          }};
}

template <typename T>
Key<T> integer(const char* name, uint64_t T::*member, uint64_t minimum, uint64_t maximum,
               const char* summary) {
  return {{name, integer_shape(minimum, maximum), summary}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_integer(d, node, name, minimum, maximum)) out.*member = *value;
          }};
}

template <typename T>
Key<T> integer(const char* name, std::optional<uint64_t> T::*member, uint64_t minimum, uint64_t maximum,
               const char* summary) {
  return {{name, integer_shape(minimum, maximum), summary}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_integer(d, node, name, minimum, maximum)) out.*member = *value;
          }};
}

template <typename T>
Key<T> text(const char* name, std::string T::*member, const char* summary,
            Numbers numbers = Numbers::Refused) {
  return {{name, text_shape("", numbers == Numbers::Accepted), summary},
          [=](Diagnostics& d, const Node& node, T& out) {
            if (auto value = read_text(d, node, name, numbers)) out.*member = std::move(*value);
          }};
}

// `set` gets the index of the choice.
template <typename T, typename Set>
Key<T> choice(const char* name, const std::vector<std::string_view>& choices, Set set, const char* summary) {
  return {{name, choice_shape(choices), summary}, [=](Diagnostics& d, const Node& node, T& out) {
            if (auto index = read_choice(d, node, name, choices)) set(out, *index);
          }};
}

std::vector<std::string> read_text_list(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                        Numbers numbers = Numbers::Refused);

template <typename T>
Key<T> text_list(const char* name, std::vector<std::string> T::*member, const char* summary) {
  return {{name, list_shape(Shape::Text), summary},
          [=](Diagnostics& d, const Node& node, T& out) { out.*member = read_text_list(d, node, name); }};
}

// Anything else: the function gets the value's node and the owner.
template <typename T, typename Decode>
Key<T> other(const char* name, Shape shape, Decode decode, const char* summary) {
  return {{name, std::move(shape), summary}, decode};
}

template <typename T>
Members members_of(const Keys<T>& (*keys)()) {
  return [keys] {
    std::vector<KeyInfo> members;
    for (const Key<T>& key : keys()) members.push_back(key.info);
    return members;
  };
}

template <typename T>
Shape object_shape(const Keys<T>& (*keys)()) {
  return object_shape(members_of(keys));
}

// A map whose members are read into the owner itself.
template <typename T>
Key<T> object(const char* name, const Keys<T>& (*keys)(), const char* summary) {
  return {{name, object_shape(keys), summary},
          [=](Diagnostics& d, const Node& node, T& out) { decode_map(d, node, name, keys(), out); }};
}

// A map that is a member of the owner.
template <typename T, typename M>
Key<T> object(const char* name, M T::*member, const Keys<M>& (*keys)(), const char* summary) {
  return {{name, object_shape(keys), summary},
          [=](Diagnostics& d, const Node& node, T& out) { decode_map(d, node, name, keys(), out.*member); }};
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

// A list of maps, each with its place; `where` names one of them in messages.
template <typename T, typename M>
Key<T> objects(const char* name, std::vector<M> T::*member, const Keys<M>& (*keys)(), const char* where,
               const char* summary) {
  return {{name, list_shape(object_shape(keys)), summary}, [=](Diagnostics& d, const Node& node, T& out) {
            for_each_item(d, node, name, [&](const Node& item) {
              M one;
              one.at = item.at;
              if (decode_map(d, item, where, keys(), one)) (out.*member).push_back(std::move(one));
            });
          }};
}

}  // namespace nemoclaw::policy
