#include "proxy/http/answer.h"

#include <gtest/gtest.h>

#include "proxy/http/response.h"
#include "runtime/base/json.h"

namespace nemoclaw::http {
namespace {

TEST(Answer, aDenialIsOneReadableResponse) {
  Denial denial{403, "policy_denied", "d-1", "not permitted\r\n\"x\"", "l4", "web", "/usr/bin/curl", "h.test",
                443, "CONNECT",       ""};
  const std::string text = render_denial(denial);
  ResponseParser parser("GET");
  std::string_view input = text;
  ASSERT_EQ(parser.feed(input), ResponseParser::State::Complete) << parser.error();
  EXPECT_EQ(parser.response().status, 403);
  EXPECT_EQ(parser.response().framing.length, input.size());
  EXPECT_EQ(find_field(parser.response().fields, "X-NemoClaw-Decision")->value, "d-1");
  const Result<json::Value> body = json::parse(input);
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->find("error")->string, "policy_denied");
  EXPECT_EQ(body->find("detail")->string, denial.detail);
  EXPECT_EQ(body->find("binary")->string, "/usr/bin/curl");
  EXPECT_EQ(body->find("port")->integer, 443);
  EXPECT_NE(body->find("next_steps")->array.back().string.find("nemoclawctl logs shows d-1,"), std::string::npos);
}

TEST(Answer, codesHaveTheirStatus) {
  EXPECT_EQ(status_for_code("policy_denied"), 403);
  EXPECT_EQ(status_for_code("ssrf_denied"), 403);
  EXPECT_EQ(status_for_code("invalid_request"), 400);
  EXPECT_EQ(status_for_code("authority_mismatch"), 421);
  EXPECT_EQ(status_for_code("upstream_unreachable"), 502);
}

TEST(Answer, headOnlyHasNoBody) {
  const std::string text = render_denial(Denial{}, true);
  EXPECT_EQ(text.substr(text.size() - 4), "\r\n\r\n");
}

}  // namespace
}  // namespace nemoclaw::http
