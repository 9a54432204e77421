#include "policy/engine/glob.h"

#include <gtest/gtest.h>

#include <random>

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

// Bytes that no UTF-8 text holds are operations of the compiled form, and text all the same.
TEST(Glob, BytesThatAreNoText) {
  for (int byte = 0xf0; byte <= 0xff; ++byte) {
    const std::string odd(1, static_cast<char>(byte));
    EXPECT_TRUE(Glob::name(odd).matches(odd)) << byte;
    EXPECT_FALSE(Glob::name(odd).matches("")) << byte;
    EXPECT_FALSE(Glob::name("a" + odd).matches("ab")) << byte;
    EXPECT_TRUE(Glob::name("{a" + odd + ",*" + odd + "b}?").matches("x" + odd + "b" + odd)) << byte;
    EXPECT_EQ(Glob::name("a" + odd + "*").text(), "a" + odd + "*");
  }
}

TEST(Glob, ManyBranches) {
  std::string pattern = "/", text = "/";
  for (int i = 0; i < 700; ++i) pattern += "{[ab],cc}", text += i % 3 ? "b" : "cc";
  EXPECT_TRUE(Glob::path(pattern).matches(text));
  EXPECT_FALSE(Glob::path(pattern).matches(text + "c"));
}

// The definition, by trying everything: braces written out, then character by character.
std::vector<std::string> written_out(const std::string& pattern) {
  const size_t open = pattern.find('{');
  if (open == std::string::npos) return {pattern};
  std::vector<std::string> parts(1), all;
  size_t at = open + 1;
  for (int depth = 1; depth > 0; ++at) {
    if (pattern[at] == '{') ++depth;
    if (pattern[at] == '}' && --depth == 0) continue;
    if (pattern[at] == ',' && depth == 1)
      parts.emplace_back();
    else
      parts.back() += pattern[at];
  }
  for (const std::string& part : parts)
    for (const std::string& each : written_out(pattern.substr(0, open) + part + pattern.substr(at)))
      all.push_back(each);
  return all;
}

bool defined(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*' ||
      pattern[0] == '#') {  // '#': "**"; two stars that only writing out brings together stay two
    const bool crosses = pattern[0] == '#';
    if (defined(pattern.substr(1), text)) return true;
    return !text.empty() && (crosses || text[0] != '.') && defined(pattern, text.substr(1));
  }
  if (text.empty()) return false;
  if (pattern[0] == '[')
    return (text[0] == 'a' || text[0] == 'b') &&
           defined(pattern.substr(pattern.find(']') + 1), text.substr(1));
  return (pattern[0] == text[0] || (pattern[0] == '?' && text[0] != '.')) &&
         defined(pattern.substr(1), text.substr(1));
}

TEST(Glob, AgreesWithTheDefinition) {
  std::mt19937 random(11);
  const std::vector<std::string> pieces = {"a", "b",    "c",     ".",    "*",       "**",
                                           "?", "[ab]", "{a,b}", "{,c}", "{a*,b.}", "{a{b,},c}"};
  size_t matched = 0, failed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern, marked, text;
    for (size_t k = 0, n = 1 + random() % 5; k < n; ++k) {
      const std::string& piece = pieces[random() % pieces.size()];
      if (pattern.ends_with("*") && piece.starts_with("*")) continue;
      pattern += piece;
      marked += piece == "**" ? "#" : piece;
    }
    for (size_t k = 0, n = random() % 7; k < n; ++k) text += "abc."[random() % 4];
    bool expected = false;
    for (const std::string& each : written_out(marked)) expected = expected || defined(each, text);
    ASSERT_EQ(Glob::name(pattern).matches(text), expected) << pattern << ' ' << text;
    ++(expected ? matched : failed);
  }
  EXPECT_GT(matched, 1000u);
  EXPECT_GT(failed, 2000u);
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
