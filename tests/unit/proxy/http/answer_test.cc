#include "proxy/http/answer.h"

#include <gtest/gtest.h>

#include "proxy/http/base64.h"
#include "proxy/http/request.h"
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

// D15: a client of gRPC-Web looks for the status in a frame at the end of the body.
TEST(Answer, D15_grpcWebHasItsStatusInTheBody) {
  const Denial denial{403, "policy_denied", "d-1", "100% no", "l7", "", "", "h.test", 443, "POST", "/p.S/M"};
  for (const char* type : {"application/grpc-web", "Application/gRPC-Web+proto", "application/grpc-web-text; x=1"}) {
    Request request;
    request.method = "POST";
    request.fields = {{"Content-Type", type}};
    const std::string text = render_denial(denial, request, true);
    ResponseParser parser("POST");
    std::string_view input = text;
    ASSERT_EQ(parser.feed(input), ResponseParser::State::Complete) << parser.error();
    EXPECT_EQ(parser.response().status, 200);
    EXPECT_TRUE(parser.response().keep_alive);
    EXPECT_EQ(parser.response().framing.length, input.size());
    const bool is_text = std::string_view(type).find("text") != std::string_view::npos;
    EXPECT_EQ(find_field(parser.response().fields, "content-type")->value,
              is_text ? "application/grpc-web-text+proto" : "application/grpc-web+proto");
    const std::string frame = is_text ? decode_base64(input).value_or("") : std::string(input);
    ASSERT_GT(frame.size(), 5u);
    EXPECT_EQ(frame[0], '\x80');
    EXPECT_EQ(static_cast<unsigned char>(frame[3]) * 256u + static_cast<unsigned char>(frame[4]), frame.size() - 5);
    EXPECT_EQ(frame.substr(5, 16), "grpc-status: 7\r\n");
    EXPECT_NE(frame.find("grpc-message: policy_denied: 100%25 no (decision d-1)"), std::string::npos);
  }
  Request other;
  other.fields = {{"Content-Type", "application/json"}};
  EXPECT_EQ(render_denial(denial, other, false), render_denial(denial));
}

TEST(Answer, headOnlyHasNoBody) {
  const std::string text = render_denial(Denial{}, true);
  EXPECT_EQ(text.substr(text.size() - 4), "\r\n\r\n");
}

}  // namespace
}  // namespace nemoclaw::http
