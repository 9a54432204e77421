#include "runtime/oci/proxy_record.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::oci {
namespace {

TEST(ProxyRecord, SurvivesWritingAndReading) {
  const ProxyRecord record{.pid = 42,
                           .start_time = 18446744073709551615U,
                           .cgroups = {"/a", "/b \"c\""},
                           .net_namespace = "4:4026531840",
                           .fence = "proven",
                           .connects = 77};
  const Result<ProxyRecord> back = decode_proxy_record(encode_proxy_record(record));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->pid, record.pid);
  EXPECT_EQ(back->start_time, record.start_time);
  EXPECT_EQ(back->cgroups, record.cgroups);
  EXPECT_EQ(back->net_namespace, record.net_namespace);
  EXPECT_EQ(back->fence, record.fence);
  EXPECT_EQ(back->connects, 77u);
}

TEST(ProxyRecord, RefusesProcessesThatCannotBe) {
  for (const char* bad : {"{}", "[]", R"({"pid":0,"start_time":1})", R"({"pid":-5,"start_time":1})",
                          R"({"pid":1})", R"({"pid":"1","start_time":1})", R"({"pid":1,"start_time":-1})"})
    EXPECT_FALSE(decode_proxy_record(bad)) << bad;
}

TEST(ProxyRecord, FindsTheLiveSandboxOfANamespace) {
  char pattern[] = "/tmp/nemoclaw-records-XXXXXX";
  ASSERT_NE(mkdtemp(pattern), nullptr);
  const std::string root = pattern;
  const Result<procfs::Stat> self = procfs::stat(getpid());
  ASSERT_TRUE(self);
  for (const char* name : {"alive", "dead", "none"}) ASSERT_TRUE(make_directories(root + "/" + name, 0700));
  const ProxyRecord alive{.pid = getpid(), .start_time = self->start_time, .net_namespace = "4:1"};
  const ProxyRecord dead{.pid = getpid(), .start_time = self->start_time + 1, .net_namespace = "4:2"};
  ASSERT_TRUE(write_proxy_record(root + "/alive", alive));
  ASSERT_TRUE(write_proxy_record(root + "/dead", dead));
  EXPECT_EQ(find_live_sandbox(root, "4:1"), "alive");
  EXPECT_EQ(find_live_sandbox(root, "4:2"), "");  // its proxy is gone
  EXPECT_EQ(find_live_sandbox(root, "4:3"), "");
  EXPECT_EQ(find_live_sandbox(root + "/absent", "4:1"), "");
  EXPECT_TRUE(remove_tree(root));
}


}  // namespace
}  // namespace nemoclaw::oci
