#include "policy/model/a_label.h"

#include <gtest/gtest.h>

#include "policy/model/host.h"

namespace nemoclaw::policy {
namespace {

struct Case {
  const char* label;
  const char* expected;  // nullptr: has to be written as its A-label
};

class ToALabel : public testing::TestWithParam<Case> {};

TEST_P(ToALabel, GivesWhatDnsWrites) {
  const auto& [label, expected] = GetParam();
  const auto written = to_a_label(label);
  ASSERT_EQ(written.has_value(), expected != nullptr) << label;
  if (expected) {
    EXPECT_EQ(*written, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Written, ToALabel,
                         testing::Values(Case{"example", "example"}, Case{"bücher", "xn--bcher-kva"},
                                         Case{"BÜCHER", "xn--bcher-kva"}, Case{"münchen", "xn--mnchen-3ya"},
                                         Case{"ü", "xn--tda"}, Case{"bücher-2", "xn--bcher-2-n2a"},
                                         Case{"żółw", "xn--w-uga1v8h"}, Case{"ŻÓŁW", "xn--w-uga1v8h"},
                                         Case{"пример", "xn--e1afmkfd"}, Case{"ПРИМЕР", "xn--e1afmkfd"},
                                         Case{"δοκιμή", "xn--jxalpdlp"}, Case{"例え", "xn--r8jz45g"},
                                         Case{"テスト", "xn--zckzah"}, Case{"测试", "xn--0zwm56d"},
                                         Case{"테스트", "xn--9t4b11yi5a"}));

INSTANTIATE_TEST_SUITE_P(NotPlain, ToALabel,
                         testing::Values(Case{"straße", nullptr},     // IDNA2003 says ss
                                         Case{"λόγος", nullptr},      // final sigma
                                         Case{"u\xcc\x88", nullptr},  // a combining mark: ü spelled otherwise
                                         Case{"a\xe2\x80\x8d"
                                              "b",
                                              nullptr},            // zero width joiner
                                         Case{"ａｂｃ", nullptr},  // full width
                                         Case{"a\xc2\xad"
                                              "b",
                                              nullptr},                      // soft hyphen
                                         Case{"שלום", nullptr},              // right to left
                                         Case{"a。b", nullptr},              // a dot of another script
                                         Case{"\xf0\x9f\x98\x80", nullptr},  // an emoji
                                         Case{"Ð°pi", nullptr},  // a Cyrillic letter in a Latin word
                                         Case{"ü_x", nullptr}, Case{"-ü", nullptr}, Case{"ü-", nullptr},
                                         Case{"xn--ü", nullptr}, Case{"\xc3", nullptr},
                                         Case{"\xc0\xaf", nullptr}, Case{"\xe0\x80\xaf", nullptr},
                                         Case{"ü*", nullptr}));

TEST(HostPattern, WritesOtherAlphabetsAsALabels) {
  const auto exact = HostPattern::parse("Bücher.example.test");
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->text(), "xn--bcher-kva.example.test");
  EXPECT_TRUE(exact->matches("xn--bcher-kva.example.test"));
  EXPECT_FALSE(exact->matches("bucher.example.test"));
  const auto wildcard = HostPattern::parse("*.bücher.example");
  ASSERT_TRUE(wildcard);
  EXPECT_TRUE(wildcard->matches("api.xn--bcher-kva.example"));
}

TEST(HostPattern, RefusesWhatHasNoPlainALabel) {
  for (const char* host : {"straße.example.test", "*ü.example.test", "ａpi.example.test"}) {
    const auto pattern = HostPattern::parse(host);
    ASSERT_FALSE(pattern) << host;
    EXPECT_NE(pattern.error().message.find("xn--"), std::string::npos) << pattern.error().message;
  }
}

}  // namespace
}  // namespace nemoclaw::policy
