#include "ctl/line_diff.h"

#include <gtest/gtest.h>

namespace nemoclaw::ctl {
namespace {

TEST(LineDiff, SaysNothingOfEqualTexts) { EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n", "f", false), ""); }

TEST(LineDiff, ShowsAnInsertionWithItsSurroundings) {
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nnew\n5\n6\n7\n8\n", "f", false),
            "--- f\n+++ f\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+new\n 5\n 6\n 7\n");
}

TEST(LineDiff, ShowsARemovalAtTheEdges) {
  EXPECT_EQ(unified_diff("a\nb\n", "b\n", "f", false), "--- f\n+++ f\n@@ -1,2 +1,1 @@\n-a\n b\n");
  EXPECT_EQ(unified_diff("a\nb\n", "a\n", "f", false), "--- f\n+++ f\n@@ -1,2 +1,1 @@\n a\n-b\n");
}

TEST(LineDiff, MakesTwoHunksOfDistantChanges) {
  std::string before, after;
  for (int i = 0; i < 30; ++i) {
    before += std::to_string(i) + "\n";
    after += (i == 5 || i == 25 ? "x" : "") + std::to_string(i) + "\n";
  }
  const std::string diff = unified_diff(before, after, "f", false);
  EXPECT_NE(diff.find("@@ -3,7 +3,7 @@\n 2\n 3\n 4\n-5\n+x5\n 6\n 7\n 8\n@@ -23,7 +23,7 @@\n"),
            std::string::npos)
      << diff;
}

TEST(LineDiff, JoinsNeighbours) {
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n", "1x\n2\n3\n4x\n", "f", false),
            "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-1\n+1x\n 2\n 3\n-4\n+4x\n");
}

TEST(LineDiff, Colours) {
  EXPECT_NE(unified_diff("a\n", "b\n", "f", true).find("\033[31m-a\033[0m\n\033[32m+b\033[0m\n"),
            std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::ctl
