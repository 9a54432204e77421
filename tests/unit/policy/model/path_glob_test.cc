#include "policy/model/path_glob.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

TEST(PathGlob, Matches) {
  const struct {
    const char *pattern, *path;
    bool expected;
  } cases[] = {
      {"/usr/bin/curl", "/usr/bin/curl", true},
      {"/usr/bin/curl", "/usr/bin/curl2", false},
      {"/usr/bin/curl", "/tmp/usr/bin/curl", false},
      {"/usr/bin/cur?", "/usr/bin/curl", false},
      {"/usr/bin/cur?", "/usr/bin/cur?", true},
      {"/usr/bin/[c]url", "/usr/bin/curl", false},
      {"/opt/*", "/opt/a", true},
      {"/opt/*", "/opt/a/b", false},
      {"/opt/*", "/opt/", false},
      {"/opt/*", "/opt", false},
      {"/opt/*/bin/*", "/opt/x/bin/y", true},
      {"/usr/bin/python3*", "/usr/bin/python3.11", true},
      {"/usr/bin/python3*", "/usr/bin/python3", true},
      {"/usr/bin/python3*", "/usr/bin/python2", false},
      {"/a/**", "/a/b", true},
      {"/a/**", "/a/b/c/d", true},
      {"/a/**", "/a", false},
      {"/a/**", "/a/", false},
      {"/a/**", "/ab/c", false},
      {"/a/**/z", "/a/z", true},
      {"/a/**/z", "/a/b/c/z", true},
      {"/a/**/z", "/a/b/zz", false},
      {"/a/**/b/**/c", "/a/x/b/y/b/c", true},
      {"/a/**/b/**/c", "/a/x/y/c", false},
      {"**/claude", "/claude", true},
      {"**/claude", "/usr/local/bin/claude", true},
      {"**/claude", "/usr/bin/xclaude", false},
      {"**/node*", "/opt/x/node20", true},
      {"/**", "/x", true},
      {"/**", "/", false},
      {"**/x", "relative/x", false},
      {"/a/*", "", false},
      {"/opt/*", "/opt/a\nb", true},
  };
  for (const auto& c : cases)
    EXPECT_EQ(PathGlob(c.pattern).matches(c.path), c.expected) << c.pattern << " on " << c.path;
}

TEST(PathGlob, ManyStarsStayCheap) {
  // With naive backtracking this would not end within the life of the machine.
  std::string pattern, path;
  for (int i = 0; i < 200; ++i) pattern += "/**/a*a*a*a", path += "/aaaaaaaaaaaaaaaa";
  EXPECT_FALSE(PathGlob(pattern + "/x").matches(path + path));
}

}  // namespace
}  // namespace nemoclaw::policy
