// docs/policy-errors.md lists exactly the codes that the reader can print.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "nemoclaw_source_tree.h"
#include "runtime/base/file.h"

namespace nemoclaw::policy {
namespace {

// Every P0000 between `before` and `after`.
std::set<std::string> codes_in(const std::string& text, const std::string& before, const std::string& after) {
  constexpr size_t kLength = 5;
  std::set<std::string> codes;
  for (size_t at = text.find(before + "P"); at != std::string::npos; at = text.find(before + "P", at + 1)) {
    const std::string code = text.substr(at + before.size(), kLength);
    const bool digits = code.size() == kLength && std::all_of(code.begin() + 1, code.end(),
                                                              [](char c) { return c >= '0' && c <= '9'; });
    if (digits && text.compare(at + before.size() + kLength, after.size(), after) == 0) codes.insert(code);
  }
  return codes;
}

TEST(Documentation, ListsEveryCode) {
  std::set<std::string> used;
  for (const std::string folder : {SOURCE_DIR "/policy/parse", SOURCE_DIR "/policy/select"}) {
    const auto names = list_directory(folder);
    ASSERT_TRUE(names);
    for (const std::string& name : *names) {
      if (!name.ends_with(".cc")) continue;
      const auto source = read_file(folder + "/" + name);
      ASSERT_TRUE(source);
      used.merge(codes_in(*source, "\"", "\""));
    }
  }
  const auto text = read_file(SOURCE_DIR "/docs/policy-errors.md");
  ASSERT_TRUE(text);
  EXPECT_EQ(codes_in(*text, "\n| ", " |"), used);
  EXPECT_GT(used.size(), 50u);
}

}  // namespace
}  // namespace nemoclaw::policy
