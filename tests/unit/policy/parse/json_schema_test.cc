#include "policy/parse/json_schema.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/parse/check.h"

namespace nemoclaw::policy {
namespace {

const json::Value* at(const json::Value& root, std::initializer_list<std::string_view> keys) {
  const json::Value* value = &root;
  for (std::string_view key : keys) {
    if (!value) return nullptr;
    value = value->find(key);
  }
  return value;
}

const json::Value& full_form(const json::Value& schema) { return schema.find("oneOf")->array.at(0); }

TEST(JsonSchema, HasEveryForm) {
  const json::Value schema = policy_json_schema();
  ASSERT_EQ(schema.find("oneOf")->array.size(), 5u);
  for (const json::Value& form : schema.find("oneOf")->array) {
    ASSERT_TRUE(form.find("title"));
    // A form that any map would fit could hide the mistakes of another.
    EXPECT_TRUE(form.find("type")->string == "array" || form.find("required")) << form.find("title")->string;
  }
}

TEST(JsonSchema, TakesShapesFromTheReadersTables) {
  const json::Value schema = policy_json_schema();
  const json::Value* processes =
      at(full_form(schema), {"properties", "process", "properties", "max_processes"});
  ASSERT_TRUE(processes);
  EXPECT_EQ(processes->find("minimum")->magnitude, 1u);
  EXPECT_EQ(processes->find("maximum")->magnitude, 4'194'304u);
  EXPECT_TRUE(processes->find("description")->is_string());
  const json::Value* endpoint =
      at(full_form(schema),
         {"properties", "network_policies", "additionalProperties", "properties", "endpoints", "items"});
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(at(*endpoint, {"properties", "tls", "enum"})->array.size(), 4u);
  EXPECT_EQ(endpoint->find("allOf")->array.size(), 2u);
  EXPECT_FALSE(endpoint->find("additionalProperties")->boolean);
}

// The reader and the schema must know the same keys: each key of the schema, with a value that cannot fit, is
// a wrong value to the reader and not an unknown key.
TEST(JsonSchema, KnowsNoKeyThatTheReaderDoesNot) {
  const json::Value schema = policy_json_schema();
  const json::Value* properties = full_form(schema).find("properties");
  ASSERT_GT(properties->object.size(), 10u);
  for (const auto& [key, value] : properties->object) {
    if (key == "version") continue;
    for (const std::string& problem : problems("version: 1\n" + key + ": {}\n"))
      EXPECT_EQ(problem.find("P0101"), std::string::npos) << key << ": " << problem;
  }
}

}  // namespace
}  // namespace nemoclaw::policy
