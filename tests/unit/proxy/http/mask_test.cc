// F18 of the attack checklist: a secret that an origin sends back does not reach the client.
#include "proxy/http/mask.h"

#include <gtest/gtest.h>

#include "proxy/http/base64.h"

namespace nemoclaw::http {
namespace {

constexpr const char* kSecret = "ghp_A+b/c\"d=e";

std::string stars(size_t count) { return std::string(count, '*'); }

TEST(Mask, F18_everyFormOfASecretIsMaskedAndLengthsStay) {
  const MaskPatterns patterns({kSecret});
  const std::string text = std::string("x ") + kSecret + " y ghp_A%2Bb%2Fc%22d%3De z ghp_A+b/c\\\"d=e";
  EXPECT_EQ(patterns.mask(text), "x " + stars(13) + " y " + stars(21) + " z " + stars(14));
  EXPECT_EQ(patterns.mask("nothing of it: ghp_A+b"), "nothing of it: ghp_A+b");
}

TEST(Mask, F18_base64OfASecretIsMaskedWhereverItStands) {
  const MaskPatterns patterns({kSecret});
  for (const Base64 alphabet : {Base64::Standard, Base64::Url})
    for (const char* before : {"", "u", "us", "user:", "someone:"}) {
      const std::string masked =
          patterns.mask("<" + encode_base64(std::string(before) + kSecret + "!", alphabet) + ">");
      const auto decoded = decode_base64(masked.substr(1, masked.find('*') - 1));
      EXPECT_NE(masked.find("****************"), std::string::npos) << before;
      EXPECT_EQ(masked.size() % 4, 2U);
      EXPECT_EQ(decoded.value_or("").find("ghp"), std::string::npos) << before;
    }
}

TEST(Mask, F18_everySplitGivesTheSameAnswer) {
  const auto patterns =
      std::make_shared<const MaskPatterns>(std::vector<std::string>{kSecret, "p4ssw0rdp4ssw0rd"});
  const std::string text =
      std::string("ghp_ghp_A+b/c\"d=e p4ssw0rdp4ssw0rdp4ssw0rd ghp_A+b/c\"d= ") + kSecret;
  const std::string whole = patterns->mask(text);
  EXPECT_EQ(whole.find(kSecret), std::string::npos);
  for (size_t first = 0; first <= text.size(); ++first)
    for (size_t second = first; second <= text.size(); ++second) {
      Masker masker(patterns);
      std::string out;
      masker.feed(text.substr(0, first), out);
      masker.feed(text.substr(first, second - first), out);
      masker.feed(text.substr(second), out);
      masker.finish(out);
      ASSERT_EQ(out, whole) << first << " " << second;
    }
}

TEST(Mask, NothingWaitsThatCanBeNoSecret) {
  Masker masker(std::make_shared<const MaskPatterns>(std::vector<std::string>{kSecret}));
  std::string out;
  masker.feed("data: event\n\n", out);
  EXPECT_EQ(out, "data: event\n\n");
}

TEST(Base64, EncodesAndDecodesBothAlphabets) {
  for (const char* text : {"", "a", "ab", "abc", "\xff\xfe\xfd?>", "user:password"}) {
    EXPECT_EQ(decode_base64(encode_base64(text)), text);
    EXPECT_EQ(decode_base64(encode_base64(text, Base64::Url)), text);
  }
  EXPECT_EQ(encode_base64("user:p"), "dXNlcjpw");
  EXPECT_EQ(encode_base64("user:pa"), "dXNlcjpwYQ==");
  EXPECT_EQ(decode_base64("dXNlcjpwYQ"), "user:pa") << "padding may be left out";
  EXPECT_FALSE(decode_base64("a"));
  EXPECT_FALSE(decode_base64("dXN lcg"));
}

}  // namespace
}  // namespace nemoclaw::http
