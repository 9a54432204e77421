#include "runtime/container/criu_plan.h"

#include <gtest/gtest.h>

namespace nemoclaw::container {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

CriuOptions options() {
  CriuOptions options;
  options.image_path = "/i";
  options.work_path = "/w";
  return options;
}

oci::Spec spec_with_bind() {
  oci::Spec spec;
  spec.mounts = {{.destination = "/proc", .type = "proc", .source = "proc"},
                 {.destination = "/data/", .type = "none", .source = "data", .options = {"rbind"}}};
  return spec;
}

TEST(CriuPlan, Dump) {
  EXPECT_EQ(joined(plan_dump(spec_with_bind(), options(), {.pid = 7, .rootfs = "/r", .masked_files = {"/proc/kcore"}})),
            "criu dump --tree 7 --images-dir /i --work-dir /w -v4 --manage-cgroups=ignore --log-file dump.log --root /r "
            "--external mnt[/data]:/data --external mnt[/proc/kcore]:/proc/kcore");
}

TEST(CriuPlan, EveryOptionOfADumpArrives) {
  CriuOptions all = options();
  all.leave_running = all.tcp_established = all.tcp_skip_in_flight = all.link_remap = all.ext_unix_sockets = true;
  all.shell_job = all.lazy_pages = all.file_locks = all.auto_dedup = true;
  all.parent_path = "../parent";
  all.page_server = "[::1]:27";
  all.manage_cgroups = "soft";
  all.empty_namespaces = {"network"};
  all.status_fd = 9;
  const std::string text = joined(plan_dump({}, all, {.pid = 7, .rootfs = "/r", .network_inode = 42}));
  for (const char* expected :
       {"--leave-running", "--tcp-established", "--skip-in-flight", "--link-remap", "--ext-unix-sk", "--shell-job",
        "--lazy-pages", "--file-locks", "--auto-dedup", "--prev-images-dir ../parent",
        "--page-server --address [::1] --port 27", "--manage-cgroups=soft", "--empty-ns net", "--status-fd 9",
        "--external net[42]:extRootNetNS"})
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " in " << text;
}

TEST(CriuPlan, PreDump) {
  CriuOptions early = options();
  early.pre_dump = early.leave_running = true;
  const std::string text = joined(plan_dump({}, early, {.pid = 7, .rootfs = "/r"}));
  EXPECT_TRUE(text.starts_with("criu pre-dump --tree 7 "));
  EXPECT_NE(text.find("--track-mem"), std::string::npos);
  EXPECT_EQ(text.find("--leave-running"), std::string::npos);
}

TEST(CriuPlan, Restore) {
  RestoreFacts facts{.bundle = "/b", .rootfs = "/r", .pid_file = "/p", .masked_files = {"/proc/kcore"},
                     .descriptors = {"/dev/null", "pipe:[11]", "pipe:[12]", "pipe:[13]"}, .stdio_base = 20, .network_fd = 23};
  EXPECT_EQ(joined(plan_restore(spec_with_bind(), options(), facts)),
            "criu restore --images-dir /i --work-dir /w -v4 --manage-cgroups=ignore --log-file restore.log --root /r "
            "--pidfile /p --restore-detached --restore-sibling --external mnt[/data]:/b/data "
            "--external mnt[/proc/kcore]:/dev/null --inherit-fd fd[21]:pipe:[11] --inherit-fd fd[22]:pipe:[12] "
            "--inherit-fd fd[23]:extRootNetNS");
}

TEST(CriuPlan, Check) {
  EXPECT_TRUE(check_criu_options(options()));
  CriuOptions bad = options();
  bad.manage_cgroups = "hard";
  EXPECT_FALSE(check_criu_options(bad));
  bad = options();
  bad.empty_namespaces = {"pid"};
  EXPECT_FALSE(check_criu_options(bad));
  for (const char* server : {"x", "x:", ":1"}) {
    bad = options();
    bad.page_server = server;
    EXPECT_FALSE(check_criu_options(bad)) << server;
  }
}

TEST(CriuPlan, FirstError) {
  EXPECT_EQ(first_criu_error("(0.1) fine\n(0.2) Error (a.c:1): no\n(0.3) Error (b.c:2): after\n"), "(0.2) Error (a.c:1): no");
  EXPECT_EQ(first_criu_error("fine"), "");
}

}  // namespace
}  // namespace nemoclaw::container
