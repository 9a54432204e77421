#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "proxy/holder/options.h"
#include "proxy/holder/record.h"
#include "proxy/holder/sockets.h"
#include "proxy/holder/upgrade.h"
#include "proxy/holder/worker.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::holder {
namespace {

using Words = std::vector<std::string>;

Result<Options> parse(Words words) {
  words.insert(words.begin(), "nemoclaw-proxy");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), arguments.data());
}

class Holder : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/holder-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST(HolderOptions, readsAllAndRefusesTheRest) {
  const Result<Options> options = parse({"--sandbox-dir", "/run/x", "--audit-file", "/l/a", "--user", "12:34",
                                         "--ready-fd", "3", "--host-net-fd", "4", "--config", "/c"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->sandbox_directory, "/run/x");
  EXPECT_EQ(options->audit_file, "/l/a");
  EXPECT_EQ(options->user.uid, 12u);
  EXPECT_EQ(options->user.gid, 34u);
  EXPECT_EQ(options->ready_fd, 3);
  EXPECT_EQ(options->host_net_fd, 4);
  EXPECT_FALSE(options->resumed);
  const Words fine = {"--sandbox-dir", "/x", "--audit-file", "/a"};
  for (const Words& more : {Words{"--user", "0:5"},
                            {"--user", "5:0"},
                            {"--user", "root"},
                            {"--ready-fd", "-1"},
                            {"--restarts", ""},
                            {"extra"},
                            {"--nope"}}) {
    Words words = fine;
    words.insert(words.end(), more.begin(), more.end());
    const Result<Options> refused = parse(words);
    ASSERT_FALSE(refused) << more[0];
    EXPECT_EQ(refused.error().exit_code, 2);
  }
  EXPECT_FALSE(parse({"--sandbox-dir", "/x"}));
}

// After an upgrade the new program understands what the old one handed it.
TEST(HolderOptions, resumeArgumentsAreUnderstood) {
  Options before;
  before.program = "/usr/libexec/nemoclaw/nemoclaw-proxy";
  before.sandbox_directory = "/run/x";
  before.audit_file = "/l/a";
  before.config_file = "/c";
  before.user = {12, 34};
  before.worker = 4711;
  before.worker_pipe = 77;
  before.restarts = 5;
  before.upgrades = 6;
  Sockets sockets;
  sockets.push_back({"explicit", Fd(900)});
  sockets.push_back({"explicit", Fd(901)});
  before.draining = {8, 9};
  Words words = resume_arguments(before, sockets, FdRef(902));
  words.erase(words.begin());
  for (Socket& socket : sockets) socket.fd.release();
  Result<Options> after = parse(words);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_TRUE(after->resumed);
  EXPECT_EQ(after->worker, 4711);
  EXPECT_EQ(after->worker_pipe, 77);
  EXPECT_EQ(after->draining, (std::vector<pid_t>{8, 9}));
  EXPECT_EQ(after->restarts, 5u);
  EXPECT_EQ(after->upgrades, 6u);
  EXPECT_EQ(after->user.gid, 34u);
  ASSERT_EQ(after->sockets.size(), 3u);
  EXPECT_EQ(after->sockets[1].name, "explicit");
  EXPECT_EQ(after->sockets[1].fd.raw(), 901);
  EXPECT_EQ(after->sockets[2].name, "record");
  for (Socket& socket : after->sockets) socket.fd.release();
}

TEST(HolderWorker, delaysGrowUpToALimit) {
  const int expected[] = {0, 50, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
  for (unsigned crashes = 1; crashes <= std::size(expected); ++crashes)
    EXPECT_EQ(restart_delay(crashes).count(), expected[crashes - 1]) << crashes;
  EXPECT_EQ(restart_delay(4'000'000'000U).count(), 10000);
}

TEST(HolderWorker, argumentsNameWhatItInherits) {
  Sockets sockets;
  sockets.push_back({"explicit", Fd(900)});
  sockets.push_back({"audit", Fd(901)});
  WorkerPlan plan;
  plan.program = "/p-worker";
  plan.sandbox_directory = "/s";
  EXPECT_EQ(worker_arguments(plan, sockets, 9), (Words{"/p-worker", "--sandbox-dir", "/s", "--holder-fd", "9",
                                                       "--socket", "explicit=900", "--socket", "audit=901"}));
  plan.config_file = "/c";
  plan.restarts = 2;
  plan.last_end = "signal 9 (Killed)";
  plan.beside_another = true;
  EXPECT_EQ(worker_arguments(plan, sockets, 9),
            (Words{"/p-worker", "--sandbox-dir", "/s", "--holder-fd", "9", "--config", "/c", "--socket",
                   "explicit=900", "--socket", "audit=901", "--restarts", "2", "--last-end",
                   "signal 9 (Killed)", "--beside-another"}));
  for (Socket& socket : sockets) socket.fd.release();
}

TEST_F(Holder, aShorterRecordLeavesNothingOfALongerOne) {
  const Result<Fd> file = open_record(directory_);
  ASSERT_TRUE(file) << file.error().message;
  Record record;
  record.state = "waiting";
  record.last_end = std::string(300, 'x');
  write_record(*file, record);
  record.last_end = "signal 9 (Killed)";
  record.worker = 12;
  write_record(*file, record);
  const Result<json::Value> read = json::parse(*read_file(directory_ + "/worker.json"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->find("last_end")->string, "signal 9 (Killed)");
  EXPECT_EQ(read->find("worker")->integer, 12);
}

TEST_F(Holder, onlyRootReachesTheControlSocketAndAnOldOneIsReplaced) {
  const std::string path = directory_ + "/control.sock";
  for (int i = 0; i < 2; ++i) {
    const Result<Fd> listener = listen_control(path);
    ASSERT_TRUE(listener) << listener.error().message;
    struct stat status;
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
  }
  EXPECT_FALSE(listen_control("/tmp/" + std::string(200, 'x')));
}

TEST_F(Holder, theAuditIsAppendedByItsOwner) {
  const std::string file = directory_ + "/a/b/audit.jsonl";
  for (const char* word : {"one", "two"}) {
    const Result<Fd> audit = open_audit(file, getuid(), getgid());
    ASSERT_TRUE(audit) << audit.error().message;
    ASSERT_TRUE(write_all(*audit, word));
  }
  EXPECT_EQ(*read_file(file), "onetwo");
  std::filesystem::remove(file);
  std::filesystem::create_symlink("/etc/passwd", file);
  EXPECT_FALSE(open_audit(file, getuid(), getgid()));
}

TEST(HolderSockets, aTakenPortIsAnErrorThatNamesIt) {
  const Result<Fd> first = listen_on_loopback(AF_INET, SOCK_STREAM, 0);
  ASSERT_TRUE(first) << first.error().message;
  sockaddr_in address = {};
  socklen_t length = sizeof address;
  ASSERT_EQ(getsockname(first->raw(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  EXPECT_EQ(address.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  const Result<Fd> second = listen_on_loopback(AF_INET, SOCK_STREAM, ntohs(address.sin_port));
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find(std::to_string(ntohs(address.sin_port))), std::string::npos);
}

TEST(HolderSockets, theStateIsAppended) {
  const Result<Fd> state = make_state();
  ASSERT_TRUE(state) << state.error().message;
  ASSERT_TRUE(write_all(*state, "one"));
  ASSERT_EQ(lseek(state->raw(), 0, SEEK_SET), 0);
  ASSERT_TRUE(write_all(*state, "two"));
  char text[16] = {};
  EXPECT_EQ(pread(state->raw(), text, sizeof text - 1, 0), 6);
  EXPECT_STREQ(text, "onetwo");
}

}  // namespace
}  // namespace nemoclaw::holder
