#include "proxy/http/persistence.h"

#include <gtest/gtest.h>

namespace nemoclaw::http {
namespace {

using std::chrono::seconds;

Response parse(std::string_view method, std::string text) {
  ResponseParser parser(method);
  text += "\r\n";
  std::string_view input = text;
  EXPECT_EQ(parser.feed(input), ResponseParser::State::Complete) << parser.error();
  return parser.response();
}

TEST(Persistence, A44_AHeadThatSpeaksOfABodyWhichMustNotFollow) {
  struct Case {
    const char *method, *head;
    bool expected;
  };
  for (const Case& each : {Case{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", true},
                           {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", true},
                           {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", false},
                           {"HEAD", "HTTP/1.1 200 OK\r\n", false},
                           {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n", true},
                           {"GET", "HTTP/1.1 304 Not Modified\r\n", false},
                           {"POST", "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n", true},
                           {"POST", "HTTP/1.1 204 No Content\r\n", false},
                           {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", false}})
    EXPECT_EQ(announces_absent_body(parse(each.method, each.head)), each.expected) << each.method << each.head;
}

TEST(Persistence, SomeSchemesAuthenticateTheConnection) {
  using Fields = std::vector<Field>;
  for (const Fields& request : {Fields{{"Authorization", "NTLM TlRM"}}, Fields{{"authorization", "negotiate YII="}}})
    EXPECT_TRUE(authenticates_connection(request, {}));
  for (const Fields& answer : {Fields{{"WWW-Authenticate", "NTLM"}}, Fields{{"WWW-Authenticate", "Negotiate"}},
                               Fields{{"WWW-Authenticate", "Basic realm=\"a\", NTLM"}},
                               Fields{{"WWW-Authenticate", "Basic"}, {"Www-Authenticate", "Negotiate oYG2"}}})
    EXPECT_TRUE(authenticates_connection({}, answer)) << answer[0].value;
  EXPECT_FALSE(authenticates_connection({{"Authorization", "Bearer NTLM"}}, {{"WWW-Authenticate", "Basic"}}));
  EXPECT_FALSE(authenticates_connection({{"Authorization", "Basic x"}}, {{"X-Note", "NTLM"}}));
}

TEST(Persistence, AnOriginMaySayHowLongItWaits) {
  EXPECT_EQ(announced_patience({}), std::nullopt);
  EXPECT_EQ(announced_patience({{"Keep-Alive", "max=100"}}), std::nullopt);
  EXPECT_EQ(announced_patience({{"Keep-Alive", "timeout=5, max=100"}}), seconds(4));
  EXPECT_EQ(announced_patience({{"keep-alive", "max=3,TIMEOUT=72"}}), seconds(71));
  for (const char* text : {"timeout=0", "timeout=1", "timeout=", "timeout=-3", "timeout=5s", "timeout=99999999999"})
    EXPECT_EQ(announced_patience({{"Keep-Alive", text}}), seconds(0)) << text;
}

}  // namespace
}  // namespace nemoclaw::http
