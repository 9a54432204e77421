#include "policy/parse/json_schema.h"

#include "policy/parse/decode.h"
#include "policy/parse/value_builder.h"

namespace nemoclaw::policy {
namespace {

json::Value schema_of(const Shape& shape);

json::Value typed(const char* type) {
  json::Value value = make_object();
  put(value, "type", make_text(type));
  return value;
}

json::Value list_of(std::vector<json::Value> values) {
  json::Value list = make_array();
  list.array = std::move(values);
  return list;
}

json::Value required_keys(const std::vector<const char*>& keys) {
  json::Value list = make_array();
  for (const char* key : keys) list.array.push_back(make_text(key));
  json::Value value = make_object();
  put(value, "required", std::move(list));
  return value;
}

json::Value integer_schema(const Shape& shape) {
  json::Value value = typed("integer");
  put(value, "minimum", make_number(shape.minimum));
  // Beyond 2^53 validators that count in doubles would round.
  if (shape.maximum < uint64_t{1} << 53) put(value, "maximum", make_number(shape.maximum));
  return value;
}

json::Value text_schema(const Shape& shape) {
  json::Value value = typed("string");
  if (*shape.pattern) put(value, "pattern", make_text(shape.pattern));
  if (!shape.numbers) return value;
  json::Value number = typed("integer");
  put(number, "minimum", make_number(0));
  json::Value either = make_object();
  put(either, "anyOf", list_of({std::move(value), std::move(number)}));
  return either;
}

json::Value list_schema(const Shape& shape) {
  json::Value value = typed("array");
  put(value, "items", schema_of(shape.parts[0]));
  if (!shape.may_be_empty) put(value, "minItems", make_number(1));
  return value;
}

json::Value map_schema(const Shape& shape) {
  json::Value value = typed("object");
  put(value, "additionalProperties", schema_of(shape.parts[0]));
  return value;
}

// Keys that exclude each other, as conditions that must all hold.
json::Value conditions_of(const Shape& shape) {
  json::Value conditions = make_array();
  for (const auto& keys : shape.exactly_one) {
    json::Value one = make_array(), condition = make_object();
    for (const char* key : keys) one.array.push_back(required_keys({key}));
    put(condition, "oneOf", std::move(one));
    conditions.array.push_back(std::move(condition));
  }
  for (const auto& keys : shape.at_most_one) {
    json::Value condition = make_object();
    put(condition, "not", required_keys(keys));
    conditions.array.push_back(std::move(condition));
  }
  return conditions;
}

json::Value object_schema(const Shape& shape) {
  json::Value value = typed("object"), properties = make_object();
  std::vector<const char*> required;
  for (const KeyInfo& member : shape.members()) {
    json::Value property = schema_of(member.shape);
    put(property, "description", make_text(member.summary));
    put(properties, member.name, std::move(property));
    if (member.required) required.push_back(member.name);
  }
  put(value, "properties", std::move(properties));
  put(value, "additionalProperties", make_boolean(false));
  if (!required.empty()) put(value, "required", std::move(required_keys(required).object[0].second));
  json::Value conditions = conditions_of(shape);
  if (!conditions.array.empty()) put(value, "allOf", std::move(conditions));
  return value;
}

json::Value schema_of(const Shape& shape) {
  switch (shape.kind) {
    case Shape::Boolean:
      return typed("boolean");
    case Shape::Integer:
      return integer_schema(shape);
    case Shape::Text:
      return text_schema(shape);
    case Shape::Choice: {
      json::Value value = make_object(), words = make_array();
      for (std::string_view word : shape.choices) words.array.push_back(make_text(std::string(word)));
      put(value, "enum", std::move(words));
      return value;
    }
    case Shape::List:
      return list_schema(shape);
    case Shape::Map:
      return map_schema(shape);
    case Shape::Object:
      return object_schema(shape);
    case Shape::Either: {
      json::Value value = make_object(), alternatives = make_array();
      for (const Shape& part : shape.parts) alternatives.array.push_back(schema_of(part));
      put(value, "anyOf", std::move(alternatives));
      return value;
    }
  }
  return make_object();
}

}  // namespace

json::Value policy_json_schema() {
  json::Value forms = make_array();
  for (const Form& form : accepted_forms()) {
    json::Value schema = schema_of(form.shape);
    schema.object.emplace(schema.object.begin(), "title", make_text(form.title));
    forms.array.push_back(std::move(schema));
  }
  json::Value root = make_object();
  put(root, "$schema", make_text("http://json-schema.org/draft-07/schema#"));
  put(root, "title", make_text("NemoClaw policy"));
  put(root, "description", make_text("What a sandbox may do: files, process, network."));
  put(root, "oneOf", std::move(forms));
  return root;
}

}  // namespace nemoclaw::policy
