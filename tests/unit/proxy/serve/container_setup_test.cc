// What was in the image at create stays what is trusted, however often the proxy starts.
#include "proxy/serve/container_setup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "proxy/peer/executable.h"
#include "proxy/serve/named_binaries.h"
#include "runtime/base/file.h"

namespace nemoclaw::serve {
namespace {

class ContainerSetup : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/container-setup-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    std::filesystem::create_directories(directory_ + "/rootfs/bin");
    write("/rootfs/bin/tool-1", "content");
    std::filesystem::create_symlink("tool-1", directory_ + "/rootfs/bin/tool");
    write("/policy.yaml",
          "version: 1\nnetwork_policies:\n  web:\n    endpoints: [{host: a.test, port: 443}]\n"
          "    binaries: [{path: /bin/tool}, {path: /bin/absent}]\n");
    oci::SandboxRecord record;
    record.id = "pod";
    record.container_ids = {"one"};
    record.rootfs = directory_ + "/rootfs";
    record.policy = "web";
    record.cgroups = {"/sys/fs/cgroup/cpu/x", "/sys/fs/cgroup/pids/x"};
    write("/sandbox.json", oci::encode_sandbox_record(record));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void write(const std::string& file, const std::string& text) { std::ofstream(directory_ + file) << text; }

  std::string directory_;
};

TEST_F(ContainerSetup, pinsOnceAndTrustsThatForGood) {
  EXPECT_FALSE(load_container(directory_));  // nothing is pinned yet: fail closed
  ASSERT_TRUE(pin_binaries(directory_));
  write("/rootfs/bin/tool-1", "something else");
  ASSERT_TRUE(pin_binaries(directory_));  // a second start of the proxy
  Result<LoadedContainer> loaded = load_container(directory_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->container->subject.container, "one");
  EXPECT_EQ(loaded->container->subject.policy_name, "web");
  EXPECT_EQ(loaded->group.id, "one");
  EXPECT_EQ(loaded->group.cgroups.front(), "/sys/fs/cgroup/pids/x");
  const auto pinned = decode_named_binaries(*read_file(directory_ + "/binaries.json"));
  ASSERT_TRUE(pinned && pinned->size() == 1);
  EXPECT_EQ((*pinned)[0].named, "/bin/tool");
  EXPECT_EQ((*pinned)[0].path, "/bin/tool-1");
  EXPECT_TRUE(loaded->container->trust.check("/bin/tool-1", (*pinned)[0].sha256));
  EXPECT_FALSE(loaded->container->trust.check("/bin/tool-1", std::string(64, '0')));
}

TEST_F(ContainerSetup, aPolicyThatIsNotTheRecordedOneIsRefused) {
  ASSERT_TRUE(pin_binaries(directory_));
  oci::SandboxRecord record = *oci::read_sandbox_record(directory_);
  record.policy_digest = "sha256:00";
  write("/sandbox.json", oci::encode_sandbox_record(record));
  const Result<LoadedContainer> loaded = load_container(directory_);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("digest"), std::string::npos);
}

TEST(NamedBinaries, foreignTextIsAnError) {
  const std::vector<NamedBinary> binaries = {{"/bin/a", "/bin/b", "00"}};
  EXPECT_EQ(*decode_named_binaries(encode_named_binaries(binaries)), binaries);
  for (const char* text :
       {"", "[]", "{}", R"({"binaries":[{}]})", R"({"binaries":[{"named":1,"path":"","sha256":""}]})"})
    EXPECT_FALSE(decode_named_binaries(text)) << text;
}

}  // namespace
}  // namespace nemoclaw::serve
