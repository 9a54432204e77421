#include "proxy/audit/log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::audit {
namespace {

class AuditLog : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/audit-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    file_ = directory_ + "/audit.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Log open() {
    Result<Log> log = Log::open(file_, Origin{"sandbox", {"container", "web", "sha256:00", 1}});
    EXPECT_TRUE(log) << (log ? "" : log.error().message);
    return std::move(*log);
  }
  std::vector<std::string> lines() {
    const Result<std::string> text = read_file(file_);
    std::vector<std::string> all;
    for (size_t at = 0, end; text && at < text->size(); at = end + 1) {
      end = std::min(text->find('\n', at), text->size());
      all.push_back(text->substr(at, end - at));
    }
    return all;
  }
  // Index of the first line that does not carry the hash of the line before it; -1 if the chain holds.
  int first_break() {
    std::string previous;
    int index = 0;
    for (const std::string& line : lines()) {
      const Result<json::Value> value = json::parse(line);
      if (value && value->find("previous")->string != previous) return index;
      previous = sha256_hex(line);
      ++index;
    }
    return -1;
  }

  std::string directory_, file_;
};

Event denial(const std::string& host) {
  Event event;
  event.decision = "d-1";
  event.host = host;
  event.port = 443;
  event.via = "connect";
  event.layer = "l4";
  event.code = "policy_denied";
  event.reason = "no entry";
  event.actor.binary = "/usr/bin/curl";
  event.actor.pid = 42;
  return event;
}

TEST_F(AuditLog, linesAreChainedAndNumbered) {
  Log log = open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.append(denial("h.test")));
  ASSERT_EQ(lines().size(), 3u);
  EXPECT_EQ(first_break(), -1);
  const Result<json::Value> last = json::parse(lines()[2]);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->find("sequence")->integer, 3);
  EXPECT_EQ(last->find("class_uid")->integer, 4001);
  EXPECT_EQ(last->find("disposition")->string, "Blocked");
  EXPECT_EQ(last->find("actor")->find("binary")->string, "/usr/bin/curl");
  EXPECT_EQ(last->find("dst")->find("host")->string, "h.test");
  EXPECT_EQ(last->find("policy")->find("digest")->string, "sha256:00");
}

TEST_F(AuditLog, aChangedLineBreaksTheChainAtTheNextOne) {
  {
    Log log = open();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.append(denial("h.test")));
  }
  std::string text = *read_file(file_);
  text.replace(text.find("h.test"), 6, "x.test");
  ASSERT_TRUE(write_file_atomic(file_, text, 0640));
  EXPECT_EQ(first_break(), 1);
}

TEST_F(AuditLog, theChainGoesOnAfterARestart) {
  for (int start = 0; start < 3; ++start) {
    Log log = open();
    ASSERT_TRUE(log.append(denial("h.test")));
  }
  EXPECT_EQ(first_break(), -1);
  EXPECT_EQ(json::parse(lines()[2])->find("sequence")->integer, 3);
}

// The sandbox names its programs: 32 ancestors with paths of 4 KiB, each byte six in JSON.
TEST_F(AuditLog, noLineIsLongerThanWhatARestartReads) {
  Event longest = denial(std::string(70'000, '\x01'));
  for (std::string* text : {&longest.actor.binary, &longest.method, &longest.path, &longest.reason})
    *text = std::string(70'000, '\x01');
  longest.actor.ancestors.assign(32, std::string(4000, '\x01'));
  Notice notice;
  notice.message = std::string(70'000, '\x01');
  notice.details.assign(4, {"key", std::string(70'000, '\x01')});
  for (int start = 0; start < 2; ++start) {
    Log log = open();
    ASSERT_TRUE(log.append(notice));
    ASSERT_TRUE(log.append(longest));
  }
  for (const std::string& line : lines()) EXPECT_LE(line.size(), kLineBytesMax);
  EXPECT_EQ(first_break(), -1);
  EXPECT_EQ(json::parse(lines()[3])->find("sequence")->integer, 4);
}

TEST_F(AuditLog, H11_halfALineIsTakenBackAndThatIsSaid) {
  {
    Log log = open();
    ASSERT_TRUE(log.append(denial("h.test")));
    ASSERT_TRUE(log.append(denial("h.test")));
    EXPECT_FALSE(log.repair());
  }
  ASSERT_EQ(truncate(file_.c_str(), static_cast<off_t>(std::filesystem::file_size(file_)) - 20), 0);
  const std::string torn = lines()[1];
  Log log = open();
  ASSERT_TRUE(log.repair());
  ASSERT_TRUE(log.append(*log.repair()));
  ASSERT_TRUE(log.append(denial("h.test")));
  ASSERT_EQ(lines().size(), 3u);
  EXPECT_EQ(first_break(), -1);
  const Result<json::Value> notice = json::parse(lines()[1]);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->find("class_uid")->integer, 2004);
  EXPECT_EQ(notice->find("sequence")->integer, 2);
  EXPECT_EQ(notice->find("removed_bytes")->string, std::to_string(torn.size()));
  EXPECT_EQ(notice->find("removed_sha256")->string, sha256_hex(torn));
  EXPECT_EQ(json::parse(lines()[2])->find("sequence")->integer, 3);
}

// Two workers beside each other, while the older one finishes its connections.
TEST_F(AuditLog, twoWritersKeepOneChain) {
  Log old_worker = open();
  old_worker.share(true);
  ASSERT_TRUE(old_worker.append(denial("h.test")));
  Log new_worker = open();
  new_worker.share(true);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(new_worker.append(denial("new.test")));
    ASSERT_TRUE(old_worker.append(denial("old.test")));
  }
  new_worker.share(false);
  ASSERT_TRUE(new_worker.append(denial("new.test")));
  EXPECT_EQ(lines().size(), 12u);
  EXPECT_EQ(first_break(), -1);
}

TEST_F(AuditLog, aFullDiskIsAnErrorAndTheNextLineStandsAlone) {
  Log log = open();
  ASSERT_TRUE(log.append(denial("h.test")));
  const auto before = signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const rlimit tight = {std::filesystem::file_size(file_) + 10, old_limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  EXPECT_FALSE(log.append(denial("h.test")));
  EXPECT_FALSE(log.append(denial("h.test")));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  signal(SIGXFSZ, before);
  ASSERT_TRUE(log.append(denial("h.test")));
  EXPECT_EQ(lines().size(), 3u);  // the second is the torn one
  EXPECT_TRUE(json::parse(lines()[2]));
  EXPECT_EQ(first_break(), -1);
}

TEST_F(AuditLog, aLinkIsNotFollowed) {
  ASSERT_EQ(symlink("/etc/hostname", file_.c_str()), 0);
  EXPECT_FALSE(Log::open(file_, Origin{}));
}

TEST(AuditEvent, H7_foreignBytesCannotForgeALine) {
  Event event = denial("h.test\n{\"verdict\":\"allow\"}");
  event.reason = "\x1b[31m\xff\"";
  const std::string line = render_event(event, Origin{}, 1'700'000'000'123, 1, "");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  const Result<json::Value> value = json::parse(line);
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->find("verdict")->string, "deny");
  EXPECT_EQ(value->find("dst")->find("host")->string, event.host);
  EXPECT_EQ(value->find("time_rfc3339")->string, "2023-11-14T22:13:20.123Z");
}

}  // namespace
}  // namespace nemoclaw::audit
