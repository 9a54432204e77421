#include "policy/engine/glob.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

struct Case {
  const char *pattern, *text;
  bool matches;
};

TEST(Glob, Paths) {
  const Case cases[] = {
      {"/a", "/a", true},
      {"/a", "/a/", false},
      {"/**", "/", true},
      {"**", "/x/y", true},
      {"/x/**", "/x", false},
      {"/x/**", "/x/", true},
      {"/x/**", "/x/y/z", true},
      {"/x/**", "/xy", false},
      {"/x/*", "/x/y", true},
      {"/x/*", "/x/y/z", false},
      {"/x/*", "/x", false},
      {"/**/up", "/a/b/up", true},
      {"/**/up", "/a/upper", false},
      {"/**/up", "/up", false},
      {"/a**", "/abc", true},
      {"/a**", "/ab/c", false},
      {"/a**b/c", "/axb/c", true},
      {"/a**b/c", "/a/b/c", false},
      {"/bot*/**", "/bot1/x/y", true},
      {"/v[12]/{users,teams}/?", "/v1/teams/7", true},
      {"/v[12]/{users,teams}/?", "/v3/teams/7", false},
      {"/v[12]/{users,teams}/?", "/v1/teams/77", false},
      {"/a?b", "/a/b", false},
      {"/a[!x]b", "/a/b", false},
      {"/a[!x]b", "/ayb", true},
      {"/a[!x]b", "/axb", false},
      {"/{a/**,b{c,d}}/e", "/a/x/y/e", true},
      {"/{a/**,b{c,d}}/e", "/bd/e", true},
      {"/{a/**,b{c,d}}/e", "/bx/e", false},
      {"/{,x}a", "/a", true},
      {"/a%20b", "/a%20b", true},
      {"/a%2fb", "/a%2Fb", true},
      {"/%2A", "/*", true},
      {"/%2A", "/x", false},
      {"/[a", "/%5Ba", true},
      {"/{a", "/%7Ba", true},
      {"/*/*/c*d", "/aa/bb/cdcd", true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Glob::path(c.pattern).matches(c.text), c.matches) << c.pattern << ' ' << c.text;
}

TEST(Glob, Names) {
  const Case cases[] = {
      {"*", "a", true},
      {"*", "a.b", false},
      {"**", "a.b", true},
      {"public-*", "public-a", true},
      {"repo*", "viewer", false},
      {"reports.*", "reports.list", true},
      {"reports.*", "reports.a.b", false},
      {"a**z", "a.b.z", true},
      {"tools/*", "tools/call", true},
      {"a%20", "a ", false},
      {"a?c", "a.c", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Glob::name(c.pattern).matches(c.text), c.matches) << c.pattern << ' ' << c.text;
}

// A backtracking matcher would not come back from these.
TEST(Glob, HostilePatternsEnd) {
  std::string stars = "/", braces = "/";
  for (int i = 0; i < 600; ++i) stars += "*a", braces += "{a,aa}";
  EXPECT_FALSE(Glob::path(stars + "b").matches("/" + std::string(4095, 'a')));
  EXPECT_TRUE(Glob::path(braces).matches("/" + std::string(900, 'a')));
  EXPECT_FALSE(Glob::path("/**/**/**/**/x").matches("/" + std::string(4000, '/')));
}

}  // namespace
}  // namespace nemoclaw::policy
