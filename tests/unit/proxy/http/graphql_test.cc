#include "proxy/http/graphql.h"

#include <gtest/gtest.h>

namespace nemoclaw::http {
namespace {

// "type name: field field; ..." or "error".
std::string render(const Result<std::vector<GraphQlOperation>>& operations) {
  if (!operations) return "error";
  std::string text;
  for (const GraphQlOperation& each : *operations) {
    text += (text.empty() ? "" : "; ") + each.type + " " + each.name + ":";
    for (const std::string& field : each.fields) text += " " + field;
  }
  return text;
}

TEST(GraphQl, RootFieldsOfEveryOperation) {
  const struct {
    const char *document, *answer;
  } cases[] = {
      {"{ viewer { login } }", "query : viewer"},
      {"query Q($id: ID! = \"}\", $l: [Int!] = [1, 2]) @d(a: {b: 1}) { a(id: $id) { b } c }", "query Q: a c"},
      {"mutation M { harmless: deleteRepo(id: \"1\") { id } }", "mutation M: deleteRepo"},
      {"subscription { ticks }", "subscription : ticks"},
      {"query A { a } mutation B { b }", "query A: a; mutation B: b"},
      {"{ ...F } fragment F on Query { hidden ...G } fragment G on Query { deeper }",
       "query : deeper hidden"},
      {"{ ... on Query { inline } ... @include(if: true) { bare } }", "query : bare inline"},
      {"{ ...F } fragment F on Query { ...F x }", "query : x"},
      {"# { commented }\n{ a, b,, c }", "query : a b c"},
      {"{ a(text: \"\"\"block \\\"\"\" { x }\"\"\") b }", "query : a b"},
      {"{ a(n: -1.5e10, e: ENUM, v: $v, o: {k: [true, null]}) }", "query : a"},
      {"\xef\xbb\xbf{ a }", "query : a"},
      {"query { on fragment query }", "query : fragment on query"},
      {"", "error"},
      {"{", "error"},
      {"{}", "error"},
      {"{ a ", "error"},
      {"{ a } }", "error"},
      {"{ a(b: ) ] }", "error"},
      {"{ a(b: [)] ) }", "error"},
      {"{ ...Missing }", "error"},
      {"fragment F on Query { a }", "error"},
      {"fragment F on Q { a } fragment F on Q { b } { a }", "error"},
      {"type Query { a: Int }", "error"},
      {"schema { query: Q }", "error"},
      {"{ a(b: \"unclosed) }", "error"},
      {"{ a ; }", "error"},
      {"{ a\x01 }", "error"},
      {"extend type Q { a: Int }", "error"},
  };
  for (const auto& each : cases)
    EXPECT_EQ(render(parse_graphql(each.document)), each.answer) << each.document;
}

TEST(GraphQl, DepthAndSizeAreBounded) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{a";
  EXPECT_FALSE(parse_graphql(deep + std::string(100, '}')));
  std::string wide = "{";
  for (int i = 0; i < 60'000; ++i) wide += " a";
  EXPECT_FALSE(parse_graphql(wide + "}"));
  EXPECT_FALSE(parse_graphql("{a(b:" + std::string(100, '[') + std::string(100, ']') + ")}"));
  std::string many;
  for (int i = 0; i < 51; ++i) many += "{a}";
  EXPECT_FALSE(parse_graphql(many));
}

TEST(GraphQlBody, OneABatchAndPersisted) {
  EXPECT_EQ(render(parse_graphql_body(R"({"query":"{ a }","variables":{"x":1}})")), "query : a");
  EXPECT_EQ(render(parse_graphql_body(R"([{"query":"{ a }"},{"query":"mutation M { b }"}])")),
            "query : a; mutation M: b");
  EXPECT_EQ(render(parse_graphql_body(
                R"({"operationName":"X","extensions":{"persistedQuery":{"sha256Hash":"0"}}})")),
            " X:");
  EXPECT_EQ(render(parse_graphql_body(R"({"query":"{ \u0061 }"})")), "query : a");
  for (const char* bad :
       {"", "[]", "1", R"({"query":1})", R"({})", R"([1])", R"({"query":"{ a }","Query":"{ b }"})",
        R"({"query":"{ a }","query":"{ b }"})", R"({"query":"{ a }"} x)", R"({"variables":{}})"})
    EXPECT_FALSE(parse_graphql_body(bad)) << bad;
}

TEST(GraphQlQuery, OfAGet) {
  EXPECT_EQ(render(parse_graphql_query({{"query", "{ a }"}, {"variables", "{}"}})), "query : a");
  EXPECT_EQ(render(parse_graphql_query({{"extensions", "{}"}})), " :");
  EXPECT_FALSE(parse_graphql_query({{"query", "{ a }"}, {"query", "{ b }"}}));
  EXPECT_FALSE(parse_graphql_query({}));
}

}  // namespace
}  // namespace nemoclaw::http
