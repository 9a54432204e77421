#include "ctl/log_lines.h"

#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/log_tail.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

constexpr const char* kDenied =
    R"({"class_uid":4001,"activity_id":5,"time":1,"time_rfc3339":"2026-01-02T03:04:05.678Z","decision":"ab-1",)"
    R"("actor":{"pid":7,"binary":"/usr/bin/curl"},"dst":{"host":"evil.example","port":443,"ip":""},"proto":"tcp",)"
    R"("via":"connect","verdict":"deny","layer":"l4","code":"policy_denied","entry":"","rule_line":0,)"
    R"("reason":"no entry allows it"})";

TEST(LogLines, TextOfRecords) {
  struct Case {
    const char *line, *text;
  };
  const Case cases[] = {
      {kDenied,
       "2026-01-02T03:04:05.678Z DENY  /usr/bin/curl -> evil.example:443  -  policy_denied: no entry allows "
       "it  [ab-1]"},
      {R"({"activity_id":1,"time_rfc3339":"T","actor":{"binary":"/b"},"dst":{"host":"h","port":80,"ip":"192.0.2.1"},)"
       R"("verdict":"allow","entry":"github","rule_line":12,"via":"captured"})",
       "T ALLOW /b -> h:80 (192.0.2.1)  github (line 12)"},
      {R"({"activity_id":2,"time_rfc3339":"T","actor":{"binary":"/b"},"dst":{"host":"h","port":80},"verdict":"allow",)"
       R"("entry":"e","bytes_out":10,"bytes_in":18446744073709551615})",
       "T CLOSE /b -> h:80  e  out 10 in 18446744073709551615 bytes"},
      {R"({"activity_id":5,"dst":{"ip":"2001:db8::1","port":53},"proto":"udp","via":"bypass","verdict":"deny"})",
       "- DENY  - -> [2001:db8::1]:53/udp  -  (went around the proxy)"},
      // Nothing that is not an explicit permission looks like one.
      {R"({"verdict":"Allow"})", "- DENY  - -> -:-  -"},
      {"{}", "- DENY  - -> -:-  -"},
      {"{\"a\":", "(not an audit record) {\"a\":"},
      {"", "(not an audit record) "},
  };
  for (const Case& each : cases) EXPECT_EQ(render_log_line(each.line, LogFormat::Text), each.text);
}

TEST(LogLines, TextHasNoControlBytes) {
  const std::string line =
      "{\"actor\":{\"binary\":\"/tmp/"
      "\\u001b[2J\\nALLOW\"},\"dst\":{\"host\":\"\\u009b31m\",\"port\":1},\"reason\":\"\\u202e\"}";
  for (const std::string& text :
       {render_log_line(line, LogFormat::Text), render_log_line("\x1b[2J\n", LogFormat::Text)})
    for (const char byte : text) EXPECT_TRUE(byte >= 0x20 && byte < 0x7f) << text;
}

TEST(LogLines, JsonIsTheRecordWithoutTerminalControls) {
  EXPECT_EQ(render_log_line(kDenied, LogFormat::Json), kDenied);
  EXPECT_EQ(render_log_line("{\"a\":\"\x7f\xc2\x9b"
                            "31m \xc3\xa9\"}",
                            LogFormat::Json),
            "{\"a\":\"\\u007f\\u009b31m \xc3\xa9\"}");
  EXPECT_EQ(render_log_line("\x1b]0;x", LogFormat::Json),
            R"({"error":"not an audit record","line":"\\x1b]0;x"})");
}

class LogTailTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/nemoclaw-logs-XXXXXX";
    root_ = mkdtemp(pattern);
    file_ = root_ + "/audit.jsonl";
  }
  void TearDown() override { (void)remove_tree(root_); }

  void append(const std::string& text) {
    const Result<Fd> fd = open_file(file_, O_WRONLY | O_APPEND | O_CREAT, 0600);
    ASSERT_TRUE(fd);
    ASSERT_TRUE(write_all(*fd, text));
  }
  std::string read(LogTail& tail) {
    std::string all;
    EXPECT_TRUE(tail.read_new([&](const std::string& line) { all += line + "|"; }));
    return all;
  }

  std::string root_, file_;
};

TEST_F(LogTailTest, GivesWholeLinesOnceAndFollowsRotation) {
  LogTail tail(file_);
  EXPECT_EQ(read(tail), "");  // not there yet
  append("one\ntw");
  EXPECT_EQ(read(tail), "one|");
  append("o\n");
  EXPECT_EQ(read(tail), "two|");
  append("three\n");
  ASSERT_EQ(rename(file_.c_str(), (root_ + "/audit.jsonl.1").c_str()), 0);
  append("four\n");
  EXPECT_EQ(read(tail), "three|four|");
  EXPECT_EQ(read(tail), "");
}

TEST_F(LogTailTest, FindsLogsByTheBeginningOfAnId) {
  for (const char* name : {"web-1", "web-2", "db", "empty"})
    ASSERT_TRUE(make_directories(root_ + "/" + name, 0700));
  for (const char* name : {"web-1", "web-2", "db"})
    ASSERT_TRUE(write_file_atomic(root_ + "/" + name + "/audit.jsonl", "", 0600));
  EXPECT_EQ(find_logs(root_, "")->size(), 3U);
  EXPECT_EQ((*find_logs(root_, "d"))[0].sandbox, "db");
  EXPECT_FALSE(find_logs(root_, "web"));
  EXPECT_FALSE(find_logs(root_, "empty"));
  EXPECT_TRUE(find_logs(root_ + "/nowhere", "")->empty());
}

}  // namespace
}  // namespace nemoclaw::ctl
