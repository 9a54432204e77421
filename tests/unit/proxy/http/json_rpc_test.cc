#include "proxy/http/json_rpc.h"

#include <gtest/gtest.h>

namespace nemoclaw::http {
namespace {

std::string render(const Result<std::vector<RpcCall>>& calls) {
  if (!calls) return "error";
  std::string text;
  for (const RpcCall& call : *calls)
    text += (text.empty() ? "" : "; ") + call.method + (call.tool.empty() ? "" : "(" + call.tool + ")") +
            (call.has_response ? " answer" : "");
  return text;
}

TEST(JsonRpc, CallsToolsAnswersAndBatches) {
  const struct {
    const char *body, *answer;
  } cases[] = {
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", "tools/list"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"name":"x"}}})",
       "tools/call(search)"},
      {R"({"jsonrpc":"2.0","method":"notifications/initialized"})", "notifications/initialized"},
      {R"({"jsonrpc":"2.0","id":1,"result":{}})", " answer"},
      {R"([{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"error":{"code":1}}])",
       "a;  answer"},
      {R"({"jsonrpc":"2.0","method":"\u0061"})", "a"},
      {R"({"jsonrpc":"2.0","id":1,"method":"a","result":1})", "a answer"},
      {R"([])", "error"},
      {R"({"jsonrpc":"1.0","method":"a"})", "error"},
      {R"({"method":"a"})", "error"},
      {R"({"jsonrpc":"2.0","method":1})", "error"},
      {R"({"jsonrpc":"2.0","method":""})", "error"},
      {R"({"jsonrpc":"2.0"})", "error"},
      {R"({"jsonrpc":"2.0","method":"a","method":"b"})", "error"},
      {R"({"jsonrpc":"2.0","method":"tools/list","Method":"tools/call"})", "error"},
      {R"({"jsonrpc":"2.0","method":"tools/call"})", "error"},
      {R"({"jsonrpc":"2.0","method":"tools/call","params":["x"]})", "error"},
      {R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":1}})", "error"},
      {R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","NAME":"b"}})", "error"},
      {R"([[{"jsonrpc":"2.0","method":"a"}]])", "error"},
      {R"({"jsonrpc":"2.0","method":"a"}{"jsonrpc":"2.0","method":"b"})", "error"},
      {"", "error"},
      {"null", "error"},
  };
  for (const auto& each : cases) EXPECT_EQ(render(parse_json_rpc(each.body)), each.answer) << each.body;
  std::string batch = "[";
  for (int i = 0; i < 101; ++i) batch += std::string(i ? "," : "") + R"({"jsonrpc":"2.0","method":"a"})";
  EXPECT_FALSE(parse_json_rpc(batch + "]"));
  EXPECT_FALSE(parse_json_rpc(std::string(100'000, '[')));
}

}  // namespace
}  // namespace nemoclaw::http
