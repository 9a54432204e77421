#include "proxy/dns/message.h"

#include <gtest/gtest.h>

#include "proxy/dns/wire.h"
#include "runtime/base/error.h"

namespace nemoclaw::dns {
namespace {

std::string wire_name(const std::vector<std::string>& labels) {
  std::string wire;
  for (const std::string& label : labels) wire += static_cast<char>(label.size()) + label;
  return wire + '\0';
}
std::string header(uint16_t flags, uint16_t questions, uint16_t answers = 0, uint16_t additionals = 0) {
  return wire_u16(0x1234) + wire_u16(flags) + wire_u16(questions) + wire_u16(answers) + wire_u16(0) +
         wire_u16(additionals);
}
std::string question(const std::string& name, uint16_t type) { return name + wire_u16(type) + wire_u16(1); }
std::string opt(uint16_t bytes, uint32_t ttl = 0, const std::string& owner = std::string(1, '\0')) {
  return owner + wire_u16(kOpt) + wire_u16(bytes) + wire_u32(ttl) + wire_u16(0);
}
const std::string kName = wire_name({"Www", "ExAmple", "test"});

std::string describe(std::string_view message) {
  const auto parsed = parse_query(message);
  if (const auto* bad = std::get_if<BadQuery>(&parsed))
    return bad->id ? "rcode " + std::to_string(static_cast<int>(bad->rcode)) : "dropped";
  const auto& query = std::get<Query>(parsed);
  return query.name + " " + type_name(query.type) + " " + std::to_string(query.udp_bytes);
}

TEST(ParseQuery, E17_oneQuestionAndNothingElse) {
  const std::string plain = header(0x0100, 1) + question(kName, kA);
  const std::string with_opt = header(0x0100, 1, 0, 1) + question(kName, kAaaa);
  const struct {
    std::string message;
    const char* expected;
  } cases[] = {
      {plain, "Www.ExAmple.test A 512"},
      {with_opt + opt(4096), "Www.ExAmple.test AAAA 1232"},
      {with_opt + opt(100), "Www.ExAmple.test AAAA 512"},
      {with_opt + opt(1000), "Www.ExAmple.test AAAA 1000"},
      {header(0, 1) + question(wire_name({"a.b", std::string(1, '\0') + "\n"}), 99),
       "a\\046b.\\000\\010 TYPE99 512"},
      {header(0, 1) + question(std::string(1, '\0'), kA), " A 512"},
      {"", "dropped"},
      {plain.substr(0, 11), "dropped"},
      {header(0x8000, 1) + question(kName, kA), "dropped"},  // an answer
      {header(0x2800, 1) + question(kName, kA), "rcode 4"},  // an update
      {header(0, 0), "rcode 1"},
      {header(0, 2) + question(kName, kA) + question(kName, kA), "rcode 1"},
      {header(0, 1, 1) + question(kName, kA), "rcode 1"},
      {plain + "x", "rcode 1"},
      {plain.substr(0, plain.size() - 1), "rcode 1"},
      {header(0, 1) + "\xc0\x0c" + wire_u16(kA) + wire_u16(1), "rcode 1"},  // a pointer to itself
      {header(0, 1) + std::string("\x40", 1) + std::string(70, 'a') + wire_u16(kA) + wire_u16(1), "rcode 1"},
      {with_opt, "rcode 1"},
      {header(0, 1, 0, 2) + question(kName, kA) + opt(512) + opt(512), "rcode 1"},
      {with_opt + opt(512, 0, kName), "rcode 1"},
      {with_opt + opt(512, 0x00010000), "rcode 4"},  // EDNS version 1
  };
  for (const auto& each : cases) EXPECT_EQ(describe(each.message), each.expected);
}

TEST(ParseQuery, aNameOfMoreThan255Bytes) {
  const std::string longest =
      wire_name({std::string(63, 'a'), std::string(63, 'b'), std::string(63, 'c'), std::string(61, 'd')});
  ASSERT_EQ(longest.size(), 255u);
  EXPECT_EQ(describe(header(0, 1) + question(longest, kA)).substr(0, 3), "aaa");
  const std::string longer =
      wire_name({std::string(63, 'a'), std::string(63, 'b'), std::string(63, 'c'), std::string(62, 'd')});
  EXPECT_EQ(describe(header(0, 1) + question(longer, kA)), "rcode 1");
}

Query query_of(const std::string& message) { return std::get<Query>(parse_query(message)); }

TEST(RenderAnswer, repeatsTheQuestionLetterForLetter) {
  const Query query = query_of(header(0x0110, 1) + question(kName, kA));
  Answer answer;
  answer.records = {{kA, 60, "\x5d\xb8\xd8\x22"}};
  EXPECT_EQ(render_answer(query, answer, 512), header(0x8190, 1, 1) + question(kName, kA) + "\xc0\x0c" +
                                                   wire_u16(kA) + wire_u16(1) + wire_u32(60) + wire_u16(4) +
                                                   "\x5d\xb8\xd8\x22");
}

TEST(RenderAnswer, whatIsTooLongIsCutAndSaysSo) {
  const Query query = query_of(header(0, 1, 0, 1) + question(kName, kA) + opt(512));
  Answer answer;
  for (int i = 0; i < 64; ++i) answer.records.push_back({kA, 60, "1234"});
  const std::string cut = render_answer(query, answer, 512);
  EXPECT_EQ(cut, header(0x8280, 1, 0, 1) + question(kName, kA) + opt(1232));
  EXPECT_EQ(render_answer(query, answer, 65535).size(), cut.size() + 64 * 16);
}

TEST(RenderAnswer, negativeAnswersAndRefusals) {
  const Query query = query_of(header(0, 1, 0, 1) + question(kName, kA) + opt(1232));
  Answer answer;
  answer.rcode = Rcode::NxDomain;
  answer.negative_ttl_s = 15;
  const std::string none = render_answer(query, answer, 512);
  EXPECT_EQ(none.substr(2, 2), wire_u16(0x8083));
  EXPECT_EQ(none.substr(8, 2), wire_u16(1));  // an SOA, so that the answer may be kept for a moment
  answer = Answer{.rcode = Rcode::Refused, .is_prohibited = true};
  EXPECT_EQ(render_answer(query, answer, 512), header(0x8085, 1, 0, 1) + question(kName, kA) +
                                                   opt(1232).substr(0, 9) + wire_u16(6) + wire_u16(15) +
                                                   wire_u16(2) + wire_u16(18));
  EXPECT_EQ(render_bad({0x1234, Rcode::FormErr}), header(0x8081, 0));
}

TEST(ParseRecords, E17_namesAreWrittenOutAndLoopsEnd) {
  const std::string start = header(0x8180, 1, 2) + question(kName, kSrv);
  const std::string alias =
      "\xc0\x0c" + wire_u16(kCname) + wire_u16(1) + wire_u32(9) + wire_u16(2) + "\xc0\x10";
  const auto srv = [](const std::string& target) {
    return "\xc0\x0c" + wire_u16(kSrv) + wire_u16(1) + wire_u32(9) +
           wire_u16(static_cast<uint32_t>(6 + target.size())) + wire_u16(1) + wire_u16(2) + wire_u16(443) +
           target;
  };
  const auto records = parse_records(start + alias +
                                         srv("\x01"
                                             "a\xc0\x10"),
                                     kSrv);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(records->front().data,
            wire_u16(1) + wire_u16(2) + wire_u16(443) + wire_name({"a", "ExAmple", "test"}));
  const std::string forwards = "\xc0\x7f";
  EXPECT_FALSE(parse_records(start + alias + srv(forwards), kSrv));
  const size_t own = (start + alias).size() + 12 + 6;  // where the target itself stands
  EXPECT_FALSE(parse_records(start + alias + srv(wire_u16(static_cast<uint32_t>(0xc000 | own))), kSrv));
  EXPECT_FALSE(parse_records(start + alias, kSrv));
  EXPECT_FALSE(parse_records("", kSrv));
}

}  // namespace
}  // namespace nemoclaw::dns
