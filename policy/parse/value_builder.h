// Short words for building json::Value trees.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/json.h"

namespace nemoclaw::policy {

inline json::Value make_text(std::string text) {
  json::Value value;
  value.type = json::Type::String;
  value.string = std::move(text);
  return value;
}

inline json::Value make_boolean(bool boolean) {
  json::Value value;
  value.type = json::Type::Boolean;
  value.boolean = boolean;
  return value;
}

inline json::Value make_number(uint64_t number) {
  json::Value value;
  value.type = json::Type::Integer;
  value.integer = static_cast<int64_t>(number);
  value.magnitude = number;
  return value;
}

inline json::Value make_object() {
  json::Value value;
  value.type = json::Type::Object;
  return value;
}

inline json::Value make_array() {
  json::Value value;
  value.type = json::Type::Array;
  return value;
}

inline json::Value make_texts(const std::vector<std::string>& texts) {
  json::Value value = make_array();
  for (const std::string& text : texts) value.array.push_back(make_text(text));
  return value;
}

inline void put(json::Value& object, const char* key, json::Value value) {
  object.object.emplace_back(key, std::move(value));
}

// Nothing is written for an empty text or list.
inline void put_text(json::Value& object, const char* key, const std::string& text) {
  if (!text.empty()) put(object, key, make_text(text));
}

inline void put_texts(json::Value& object, const char* key, const std::vector<std::string>& texts) {
  if (!texts.empty()) put(object, key, make_texts(texts));
}

}  // namespace nemoclaw::policy
