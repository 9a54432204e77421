#include "runtime/base/json.h"

#include <gtest/gtest.h>

namespace nemoclaw::json {
namespace {

TEST(Json, ValuesAndPositions) {
  const Result<Value> value = parse("{\"a\": [1, -2, 1.5, true, null],\n \"b\": {\"c\": \"x\\u00e9\\n\"}}");
  ASSERT_TRUE(value) << value.error().message;
  const Value* list = value->find("a");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->array.size(), 5U);
  EXPECT_EQ(list->array[0].integer, 1);
  EXPECT_EQ(list->array[1].integer, -2);
  EXPECT_TRUE(list->array[1].negative);
  EXPECT_EQ(list->array[2].type, Type::Number);
  EXPECT_DOUBLE_EQ(list->array[2].number, 1.5);
  EXPECT_TRUE(list->array[3].boolean);
  EXPECT_EQ(list->array[4].type, Type::Null);
  const Value* inner = value->find("b")->find("c");
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(inner->string, "x\xc3\xa9\n");
  EXPECT_EQ(inner->line, 2U);
  EXPECT_EQ(value->find("absent"), nullptr);
}

TEST(Json, ANullMemberCountsAsAbsent) {
  const Result<Value> value = parse(R"({"a":null})");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("a"), nullptr);
}

TEST(Json, Integers) {
  struct Case {
    const char* text;
    Type type;
    int64_t integer;
    uint64_t magnitude;
  };
  const Case table[] = {
      {"0", Type::Integer, 0, 0},
      {"9223372036854775807", Type::Integer, INT64_MAX, INT64_MAX},
      {"-9223372036854775808", Type::Integer, INT64_MIN, uint64_t{1} << 63},
      {"18446744073709551615", Type::Integer, -1, UINT64_MAX},
      {"18446744073709551616", Type::Number, 0, 0},
      {"-9223372036854775809", Type::Number, 0, 0},
      {"1e3", Type::Number, 0, 0},
      {"1.0", Type::Number, 0, 0},
  };
  for (const Case& each : table) {
    SCOPED_TRACE(each.text);
    const Result<Value> value = parse(std::string("[") + each.text + "]");
    ASSERT_TRUE(value) << value.error().message;
    const Value& number = value->array.at(0);
    EXPECT_EQ(number.type, each.type);
    if (each.type == Type::Integer) {
      EXPECT_EQ(number.integer, each.integer);
      EXPECT_EQ(number.magnitude, each.magnitude);
    }
  }
}

TEST(Json, Refused) {
  const std::pair<std::string, const char*> table[] = {
      {"", "line 1"},
      {"{", "line 1"},
      {"{\"a\":1,}", "line 1"},
      {"[1 2]", "line 1"},
      {"nul", "line 1"},
      {"{} x", "line 1"},
      {"\"\xc3\"", "line 1"},
      {"\"\xed\xa0\x80\"", "invalid UTF-8 in a string"},
      {"{\"\xc0\xaf\":1}", "invalid UTF-8 in a key"},
      {"[1e999]", "number out of range"},
      {"{\n\"a\":1,\n\"a\":2}", "line 3, column"},
      {std::string("{\"a\":\0}", 7), "line 1"},
      {"// no comments\n1", "line 1"},
      {std::string(200, '['), "nested deeper than 128"},
  };
  for (const auto& [text, message] : table) {
    SCOPED_TRACE(text);
    const Result<Value> value = parse(text);
    ASSERT_FALSE(value);
    EXPECT_NE(value.error().message.find(message), std::string::npos) << value.error().message;
  }
}

TEST(Json, LimitsHold) {
  EXPECT_FALSE(parse("[1,2,3]", {.bytes_max = 6, .depth_max = 9, .values_max = 9}));
  EXPECT_FALSE(parse("[1,2,3]", {.bytes_max = 99, .depth_max = 9, .values_max = 3}));
  EXPECT_FALSE(parse("[[1]]", {.bytes_max = 99, .depth_max = 1, .values_max = 9}));
  EXPECT_TRUE(parse("[[1]]", {.bytes_max = 5, .depth_max = 2, .values_max = 3}));
}

TEST(Json, DuplicateKeysAreFoundInSmallAndInLargeObjects) {
  for (const int count : {1, 63, 64, 65, 500}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
    EXPECT_TRUE(parse(text + "}").has_value()) << count;
    const Result<Value> twice = parse(text + ",\"k" + std::to_string(count - 1) + "\":1}");
    ASSERT_FALSE(twice.has_value()) << count;
    EXPECT_NE(twice.error().message.find("duplicate key"), std::string::npos) << count;
  }
}

TEST(JsonWriter, WritesWhatParses) {
  for (const bool indent : {false, true}) {
    Writer out(indent);
    out.begin_object().member("text", "a\"\\\n\x01").member("big", UINT64_MAX).member("small", INT64_MIN);
    out.key("list").begin_array().value(true).null().value(0.5).begin_object().end_object().end_array();
    out.member("texts", std::vector<std::string>{"x", ""}).end_object();
    const Result<Value> value = parse(out.text());
    ASSERT_TRUE(value) << out.text();
    EXPECT_EQ(value->find("text")->string, "a\"\\\n\x01");
    EXPECT_EQ(value->find("big")->magnitude, UINT64_MAX);
    EXPECT_EQ(value->find("small")->integer, INT64_MIN);
    EXPECT_EQ(value->find("list")->array.size(), 4U);
    Writer copy(indent);
    copy.value(*value);
    EXPECT_EQ(copy.text(), out.text());
  }
}

TEST(JsonWriter, BadUtf8BecomesAReplacement) {
  EXPECT_EQ(quote("a\xff" "b"), "\"a\xef\xbf\xbd" "b\"");
  EXPECT_EQ(quote("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(quote("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
  EXPECT_TRUE(parse(quote(std::string("\0\x1f\x7f\xed\xa0\x80\xf4\x90\x80\x80", 10))));
}

}  // namespace
}  // namespace nemoclaw::json
