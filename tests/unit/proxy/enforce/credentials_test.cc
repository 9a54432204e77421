// F17, F18, F19 of the attack checklist: where a placeholder becomes a secret, and what happens everywhere
// else.
#include "proxy/enforce/credentials.h"

#include <gtest/gtest.h>

#include <map>

#include "proxy/http/base64.h"

namespace nemoclaw::enforce {
namespace {

constexpr const char* kToken = R"(s3cr3t+/"value)";

class Store final : public Secrets {
 public:
  Result<std::string> read(std::string_view name) override {
    ++reads;
    const auto found = values.find(std::string(name));
    if (found == values.end()) return make_error("nemoclawctl secret set " + std::string(name));
    return found->second;
  }
  std::map<std::string, std::string> values = {
      {"token", kToken}, {"lines", "first\nsecond"}, {"word", "p4ssw0rd"}};
  int reads = 0;
};

policy::Credential bound(const std::string& secret, const std::string& host) {
  policy::Credential credential;
  credential.secret = secret;
  credential.host = host;
  return credential;
}

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    policy::Credential header = bound("token", "api.test"), query = header, body = bound("word", "api.test"),
                       lines = bound("lines", "api.test"), absent = bound("absent", "api.test"),
                       plain = bound("word", "plain.test");
    header.header = lines.header = absent.header = "Authorization";
    query.query = "key";
    body.body = true;
    plain.header = "X-Key";
    plain.port = 80;
    plain.plain_http = true;
    bindings_ = *policy::bind_credentials({header, query, body, lines, absent, plain});
  }

  Credentials at(std::string_view host, uint16_t port = 443, bool is_tls = true) {
    return {bindings_, {host, port, is_tls}, &store_};
  }
  static http::Request request(std::string path, std::vector<http::Field> fields = {}) {
    http::Request made;
    made.method = "POST";
    made.path = std::move(path);
    made.fields = std::move(fields);
    return made;
  }
  // The reason why it is refused; "" if it is not.
  static std::string refusal(const Credentials& credentials, http::Request made, std::string body = "") {
    const auto filled = credentials.fill(made, body.empty() ? nullptr : &body);
    return filled ? "" : filled.error().message;
  }

  Store store_;
  std::vector<policy::CredentialBinding> bindings_;
};

TEST_F(CredentialsTest, F17_aHeaderGetsTheSecretWhereThePolicyPutsIt) {
  http::Request made =
      request("/x", {{"authorization", "Bearer nemoclaw:secret:token"}, {"X-Other", "as it was"}});
  ASSERT_TRUE(at("api.test").fill(made, nullptr));
  EXPECT_EQ(made.fields[0].value, std::string("Bearer ") + kToken);
  EXPECT_EQ(made.fields[1].value, "as it was");
}

TEST_F(CredentialsTest, H8_theNamesOfTheSecretsInARequestAreKnownAndNothingElse) {
  const std::string placeholder = "nemoclaw:secret:token";
  http::Request made = request("/x?key=" + placeholder, {{"Authorization", "Bearer " + placeholder}});
  const std::vector<std::string> unknown{"?"};
  EXPECT_EQ(at("api.test").fill(made, nullptr).value_or(unknown), std::vector<std::string>{"token"});
  http::Request none = request("/x", {{"Authorization", "Bearer mine"}});
  EXPECT_EQ(at("api.test").fill(none, nullptr).value_or(unknown), std::vector<std::string>{});
}

TEST_F(CredentialsTest, F17_basicIsDecodedAndEncodedAgain) {
  http::Request made =
      request("/x", {{"Authorization", "Basic " + http::encode_base64("user:nemoclaw:secret:token")}});
  ASSERT_TRUE(at("api.test").fill(made, nullptr));
  EXPECT_EQ(made.fields[0].value, "Basic " + http::encode_base64(std::string("user:") + kToken));
  EXPECT_NE(
      refusal(at("other.test"),
              request("/", {{"Authorization", "basic " + http::encode_base64("nemoclaw:secret:token:")}})),
      "");
}

TEST_F(CredentialsTest, F17_aQueryGetsItEncodedHoweverThePlaceholderIsWritten) {
  for (const char* written :
       {"nemoclaw:secret:token", "nemoclaw%3Asecret%3atoken", "%6Eemoclaw:secret:token"}) {
    http::Request made = request("/x?a=%20+b&key=" + std::string(written) + "&c");
    ASSERT_TRUE(at("api.test").fill(made, nullptr)) << written;
    EXPECT_EQ(made.path, "/x?a=%20+b&key=s3cr3t%2B%2F%22value&c");
  }
}

TEST_F(CredentialsTest, F17_aBodyGetsItAsItsTypeNeedsIt) {
  store_.values["word"] = R"(a"b\c&d=e)";
  const auto filled = [&](const std::string& type, std::string body) {
    http::Request made = request("/x", {{"Content-Type", type}});
    const auto done = at("api.test").fill(made, &body);
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_EQ(made.framing.length, body.size());
    return body;
  };
  EXPECT_EQ(filled("text/plain", "<nemoclaw:secret:word>"), R"(<a"b\c&d=e>)");
  EXPECT_EQ(filled("application/json; charset=utf-8", R"({"k":"nemoclaw:secret:word"})"),
            R"({"k":"a\"b\\c&d=e"})");
  EXPECT_EQ(filled("application/x-www-form-urlencoded", "a=1&p=nemoclaw%3Asecret%3Aword"),
            "a=1&p=a%22b%5Cc%26d%3De");
}

TEST_F(CredentialsTest, F17_anywhereElseTheRequestIsRefused) {
  const std::string placeholder = "nemoclaw:secret:token";
  const std::vector<std::pair<const char*, http::Request>> cases = {
      {"another header", request("/x", {{"X-Key", placeholder}})},
      {"a path", request("/" + placeholder)},
      {"an encoded path", request("/nemoclaw%3Asecret%3Atoken")},
      {"another key", request("/x?other=" + placeholder)},
      {"a key", request("/x?" + placeholder + "=1")},
      {"an encoded key", request("/x?nemoclaw%3asecret%3atoken")},
      {"a nested placeholder", request("/x", {{"Authorization", "nemoclaw:secret:nemoclaw:secret:token"}})},
      {"no name", request("/x", {{"Authorization", "nemoclaw:secret:"}})},
      {"a longer name", request("/x", {{"Authorization", placeholder + "s"}})},
      {"an unknown secret", request("/x", {{"Authorization", "nemoclaw:secret:nobody"}})},
      {"a name that leads elsewhere", request("/x", {{"Authorization", "nemoclaw:secret:../token"}})},
      {"a second header", request("/x", {{"Authorization", placeholder}, {"Cookie", "a=" + placeholder}})},
  };
  for (const auto& [what, made] : cases) EXPECT_NE(refusal(at("api.test"), made), "") << what;
  EXPECT_NE(refusal(at("api.test"), request("/x"), "{\"a\":\"" + placeholder + "\"}"), "")
      << "the body is another's";
}

TEST_F(CredentialsTest, F17_aPlaceholderInTwoPiecesIsNone) {
  http::Request made = request("/x", {{"Authorization", "nemoclaw:"}, {"X-Rest", "secret:token"}});
  ASSERT_TRUE(at("api.test").fill(made, nullptr));
  EXPECT_EQ(made.fields[0].value, "nemoclaw:");
  EXPECT_EQ(store_.reads, 0);
}

TEST_F(CredentialsTest, F19_anotherHostPortOrPlainHttpGetsNothing) {
  const http::Request made = request("/x", {{"Authorization", "Bearer nemoclaw:secret:token"}});
  EXPECT_NE(refusal(at("evil.test"), made), "");
  EXPECT_NE(refusal(at("sub.api.test"), made), "");
  EXPECT_NE(refusal(at("api.test", 8443), made), "");
  EXPECT_NE(refusal(at("api.test", 443, false), made).find("plain_http"), std::string::npos);
  EXPECT_EQ(store_.reads, 0) << "the store is not even asked";
  http::Request allowed = request("/x", {{"X-Key", "nemoclaw:secret:word"}});
  ASSERT_TRUE(at("plain.test", 80, false).fill(allowed, nullptr));
  EXPECT_EQ(allowed.fields[0].value, "p4ssw0rd");
}

TEST_F(CredentialsTest, WhatIsMissingOrCannotStandThereIsRefusedWithTheRemedy) {
  EXPECT_NE(refusal(at("api.test"), request("/x", {{"Authorization", "nemoclaw:secret:absent"}}))
                .find("nemoclawctl secret set absent"),
            std::string::npos);
  const std::string reason =
      refusal(at("api.test"), request("/x", {{"Authorization", "nemoclaw:secret:lines"}}));
  EXPECT_NE(reason.find("cannot stand in a header"), std::string::npos);
  EXPECT_EQ(reason.find("first"), std::string::npos);
}

TEST_F(CredentialsTest, ASecretIsNotLookedThroughAgain) {
  store_.values["token"] = "x nemoclaw:secret:word";
  http::Request made = request("/x", {{"Authorization", "nemoclaw:secret:token"}});
  ASSERT_TRUE(at("api.test").fill(made, nullptr));
  EXPECT_EQ(made.fields[0].value, "x nemoclaw:secret:word");
}

TEST_F(CredentialsTest, F18_theAnswerIsAskedForWithoutCodingAndWhole) {
  const std::vector<http::Field> fields = {
      {"accept-encoding", "gzip, br"}, {"Range", "bytes=0-3"}, {"If-Range", "x"}};
  http::Request made = request("/x", fields);
  ASSERT_TRUE(at("api.test").fill(made, nullptr));
  ASSERT_EQ(made.fields.size(), 1U);
  EXPECT_EQ(made.fields[0].name + ": " + made.fields[0].value, "Accept-Encoding: identity");
  EXPECT_NE(at("api.test").mask(), nullptr);
  http::Request other = request("/x", fields);
  ASSERT_TRUE(at("other.test").fill(other, nullptr));
  EXPECT_EQ(other.fields.size(), 3U);
  EXPECT_EQ(at("other.test").mask(), nullptr);
}

TEST_F(CredentialsTest, ARequestThatNobodyFillsMayHoldNoPlaceholder) {
  EXPECT_EQ(placeholder_problem(request("/x?nemoclaw=secret", {{"Authorization", "Bearer abc"}})), "");
  EXPECT_NE(placeholder_problem(request("/x", {{"Authorization", "Bearer nemoclaw:secret:token"}})), "");
}

}  // namespace
}  // namespace nemoclaw::enforce
