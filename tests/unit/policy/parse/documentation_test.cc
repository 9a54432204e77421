// docs/policy-errors.md lists exactly the codes that the reader can print.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "runtime/base/file.h"

namespace nemoclaw::policy {
namespace {

std::set<std::string> codes_in(const std::string& text, const std::regex& pattern) {
  std::set<std::string> codes;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it)
    codes.insert((*it)[1]);
  return codes;
}

TEST(Documentation, ListsEveryCode) {
  const std::string folder = SOURCE_DIR "/policy/parse";
  std::set<std::string> used;
  const auto names = list_directory(folder);
  ASSERT_TRUE(names);
  for (const std::string& name : *names) {
    if (!name.ends_with(".cc")) continue;
    const auto source = read_file(folder + "/" + name);
    ASSERT_TRUE(source);
    used.merge(codes_in(*source, std::regex("\"(P[0-9]{4})\"")));
  }
  const auto text = read_file(SOURCE_DIR "/docs/policy-errors.md");
  ASSERT_TRUE(text);
  EXPECT_EQ(codes_in(*text, std::regex("\\n\\| (P[0-9]{4}) \\|")), used);
  EXPECT_GT(used.size(), 50u);
}

}  // namespace
}  // namespace nemoclaw::policy
