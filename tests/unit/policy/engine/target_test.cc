#include "policy/engine/target.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

TEST(CanonicaliseTarget, OneForm) {
  const struct {
    const char *target, *canonical;
  } cases[] = {
      {"/", "/"},
      {"/a/../b", "/b"},
      {"/a/./b", "/a/b"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/%2e%2E/..", nullptr},
      {"/a/.%2e/b", "/b"},
      {"//admin", "/admin"},
      {"/a//b//", "/a/b/"},
      {"/admin;x=1/y;z", "/admin/y"},
      {"/a/..;/admin", "/admin"},
      {"/a/%2e%2e;a=b/", "/"},
      {"/%252e%252e/x", "/%252e%252e/x"},
      {"/%25%32%65", "/%252e"},
      {"/%41%7e%2d", "/A~-"},
      {"/a%20b%c3%a9", "/a%20b%C3%A9"},
      {"/x%3f%23%3b", "/x%3F%23%3B"},
      {"/a<b>", "/a%3Cb%3E"},
      {"/@scope/a+b", "/@scope/a+b"},
      {"/x?a=%2F..&b#", nullptr},
      {"/x?a=%2F../&b", "/x?a=%2F../&b"},
      {"http://h.test/a/../b?c", "/b?c"},
      {"HTTP://h.test", "/"},
      {"https://h.test?c", "/?c"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.target);
    const TargetOutcome outcome = canonicalise_target(c.target, false);
    ASSERT_EQ(outcome.target.has_value(), c.canonical != nullptr) << outcome.reason;
    if (!c.canonical) continue;
    EXPECT_EQ(outcome.target->text(), c.canonical);
    const TargetOutcome again = canonicalise_target(outcome.target->text(), false);
    ASSERT_TRUE(again.target) << again.reason;
    EXPECT_EQ(again.target->text(), c.canonical);
  }
}

TEST(CanonicaliseTarget, Refused) {
  for (const char* target :
       {"",       "*",        "a/b",      "ftp://h/x", "http:///x",    "/..",        "/../x",   "/a/..//../b",
        "/a%2fb", "/a%2Fb",   "/a%5cb",   "/a\\b",     "/%c0%ae",      "/%e0%80%ae", "/%ff",    "/%u002e",
        "/%00",   "/%0a",     "/%0d%0a",  "/\x01",     "/a\tb",        "/a b",       "/%",      "/%2",
        "/%zz",   "/a;%zz/b", "/..%3B/x", "/a#b",      "/caf\xc3\xa9", "/x?%zz",     "/x?a=%00"}) {
    SCOPED_TRACE(target);
    const TargetOutcome outcome = canonicalise_target(target, false);
    EXPECT_FALSE(outcome.target);
    EXPECT_EQ(outcome.status, 400);
    EXPECT_FALSE(outcome.reason.empty());
  }
}

TEST(CanonicaliseTarget, EncodedSlash) {
  EXPECT_EQ(canonicalise_target("/pkg/@scope%2fname", true).target->path, "/pkg/@scope%2Fname");
  for (const char* target : {"/pkg/..%2Fetc", "/pkg/a%2f..%2fetc", "/pkg/a%2F.", "/pkg/a%2f..%3bx"})
    EXPECT_FALSE(canonicalise_target(target, true).target) << target;
}

TEST(CanonicaliseTarget, Lengths) {
  EXPECT_TRUE(canonicalise_target("/" + std::string(4095, 'a'), false).target);
  EXPECT_EQ(canonicalise_target("/" + std::string(4096, 'a'), false).status, 414);
  EXPECT_EQ(canonicalise_target("/" + std::string(4000, '<'), false).status, 414);
  EXPECT_EQ(canonicalise_target("/?" + std::string(8193, '&'), false).status, 414);
}

TEST(CanonicaliseTarget, QueryPairs) {
  const auto outcome = canonicalise_target("/s?id=1&id=2&%69d=a+b%2B&flag&e=&=v&&x=1=2;y=3&q=?", false);
  ASSERT_TRUE(outcome.target) << outcome.reason;
  const std::vector<QueryPair> expected = {{"id", "1"}, {"id", "2"}, {"id", "a b+"},   {"flag", ""},
                                           {"e", ""},   {"", "v"},   {"x", "1=2;y=3"}, {"q", "?"}};
  EXPECT_EQ(outcome.target->pairs, expected);
}

}  // namespace
}  // namespace nemoclaw::policy
