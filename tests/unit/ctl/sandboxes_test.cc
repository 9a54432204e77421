#include "ctl/sandboxes.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "ctl/control_client.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::ctl {
namespace {

TEST(Sandboxes, NameIsWholeOrAUniqueBeginning) {
  const std::vector<std::string> names = {"web", "web-2", "db1", "db2"};
  EXPECT_EQ(*resolve_name(names, "web"), "web");
  EXPECT_EQ(*resolve_name(names, "web-"), "web-2");
  for (const char* bad : {"db", "x", ""}) EXPECT_FALSE(resolve_name(names, bad)) << bad;
}

TEST(Sandboxes, TableShowsStateAndHidesNothingBehindControlBytes) {
  SandboxView alive;
  alive.record = {.id = std::string(64, 'a'),
                  .created = "2026-01-02T03:04:05Z",
                  .image = "img\x1b[2J",
                  .policy = "default"};
  alive.proxy_pid = 9;
  alive.proxy_alive = true;
  alive.worker = *json::parse(R"({"state":"waiting","worker":0,"restarts":7})");
  alive.status = *json::parse(R"({"ok":true,"allowed":3,"denied":41})");
  SandboxView dead;
  dead.record.id = "web";
  dead.proxy_pid = 10;
  SandboxView none;
  none.record.id = "new";
  EXPECT_EQ(render_sandbox_table({alive, dead, none}),
            "SANDBOX       POLICY   PROXY    RESTARTS  ALLOWED  DENIED  CREATED               IMAGE\n"
            "aaaaaaaaaaaa  default  waiting  7         3        41      2026-01-02T03:04:05Z  img\\x1b[2J\n"
            "web           -        dead     -         -        -       -                     -\n"
            "new           -        none     -         -        -       -                     -\n");
}

TEST(Sandboxes, InspectSaysWhatIsNotProven) {
  SandboxView view;
  view.record = {.id = "web", .policy = "default", .cgroups = {"/sys/fs/cgroup/a"}};
  view.directory = "/run/s/web";
  EXPECT_EQ(render_sandbox_text(view),
            "sandbox         web\npolicy          default\ncgroup          /sys/fs/cgroup/a\ndirectory       "
            "/run/s/web\n"
            "fence           not proven\nproxy           none\n");
}

class SandboxDirectory : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/nemoclaw-ctl-XXXXXX";
    root_ = mkdtemp(pattern);
  }
  void TearDown() override { (void)remove_tree(root_); }

  // A sandbox whose "proxy" is this process, with a control socket that gives `answer` to one request.
  void make_sandbox(const std::string& id, const std::string& answer) {
    const std::string directory = root_ + "/" + id;
    ASSERT_TRUE(make_directories(directory, 0700));
    ASSERT_TRUE(write_file_atomic(directory + "/sandbox.json",
                                  oci::encode_sandbox_record({.id = id, .policy = "default"}), 0600));
    const uint64_t start_time = procfs::stat(getpid())->start_time;
    ASSERT_TRUE(write_file_atomic(directory + "/proxy.json",
                                  format(R"({"pid":%d,"start_time":%llu,"fence":"proven"})", getpid(),
                                         static_cast<unsigned long long>(start_time)),
                                  0600));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (directory + "/control.sock").c_str(), sizeof address.sun_path - 1);
    listener_ = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(bind(listener_.raw(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener_.raw(), 1), 0);
    server_ = std::thread([this, answer] {
      const Fd client(accept(listener_.raw(), nullptr, nullptr));
      char request[256];
      const ssize_t length = read(client.raw(), request, sizeof request);
      request_.assign(request, length > 0 ? static_cast<size_t>(length) : 0);
      (void)write_all(client, answer);
    });
  }

  std::string root_, request_;
  Fd listener_;
  std::thread server_;
};

TEST_F(SandboxDirectory, ShowsWhatTheProxySays) {
  make_sandbox("web", "{\"ok\":true,\"allowed\":5,\"denied\":0}\n");
  const Result<std::vector<SandboxView>> sandboxes = read_sandboxes(root_);
  server_.join();
  ASSERT_TRUE(sandboxes);
  ASSERT_EQ(sandboxes->size(), 1U);
  const SandboxView& view = (*sandboxes)[0];
  EXPECT_EQ(request_, "{\"op\":\"status\"}\n");
  EXPECT_EQ(view.record.policy, "default");
  EXPECT_TRUE(view.proxy_alive);
  EXPECT_EQ(view.fence, "proven");
  ASSERT_TRUE(view.status) << view.status_error;
  EXPECT_EQ(view.status->find("allowed")->integer, 5);
}

TEST_F(SandboxDirectory, ReportsARefusalAndAnEarlyEnd) {
  make_sandbox("web", "{\"ok\":false,\"error\":\"not today\"}\n");
  Result<json::Value> refused = ask_proxy(root_ + "/web", "status");
  server_.join();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("not today"), std::string::npos) << refused.error().message;
  make_sandbox("db", "{\"ok\":tr");
  Result<json::Value> cut = ask_proxy(root_ + "/db", "status");
  server_.join();
  EXPECT_FALSE(cut);
}

TEST_F(SandboxDirectory, DamagedRecordIsShownNotHidden) {
  ASSERT_TRUE(make_directories(root_ + "/web", 0700));
  ASSERT_TRUE(write_file_atomic(root_ + "/web/sandbox.json", "{", 0600));
  const Result<std::vector<SandboxView>> sandboxes = read_sandboxes(root_);
  ASSERT_TRUE(sandboxes);
  ASSERT_EQ(sandboxes->size(), 1U);
  EXPECT_EQ((*sandboxes)[0].record.id, "web");
  EXPECT_NE((*sandboxes)[0].record_error, "");
  EXPECT_TRUE(read_sandboxes(root_ + "/nowhere")->empty());
}

}  // namespace
}  // namespace nemoclaw::ctl
