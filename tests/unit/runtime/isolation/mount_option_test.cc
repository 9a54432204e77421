#include "runtime/isolation/mount_option.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>

#include "runtime/base/uapi.h"

namespace nemoclaw::isolation {
namespace {

struct Case {
  oci::Strings options;
  uint64_t set, clear, recursive_set, recursive_clear;
};

TEST(MountOption, Attributes) {
  const uint64_t ro = MOUNT_ATTR_RDONLY, nosuid = MOUNT_ATTR_NOSUID, nodev = MOUNT_ATTR_NODEV,
                 noexec = MOUNT_ATTR_NOEXEC;
  const Case cases[] = {
      {{}, 0, 0, 0, 0},
      {{"ro"}, ro, 0, 0, 0},
      {{"ro", "rw"}, 0, ro, 0, 0},  // the later one wins
      {{"rw", "ro"}, ro, 0, 0, 0},
      {{"nosuid", "nodev", "noexec"}, nosuid | nodev | noexec, 0, 0, 0},
      {{"nosuid", "suid"}, 0, nosuid, 0, 0},
      {{"dev", "exec"}, 0, nodev | noexec, 0, 0},
      {{"noatime"}, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, 0, 0},
      {{"noatime", "strictatime"}, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, 0, 0},
      {{"noatime", "relatime"}, 0, MOUNT_ATTR__ATIME, 0, 0},
      {{"noatime", "atime"}, 0, 0, 0, 0},
      {{"nodiratime"}, MOUNT_ATTR_NODIRATIME, 0, 0, 0},
      {{"nosymfollow"}, MOUNT_ATTR_NOSYMFOLLOW, 0, 0, 0},
      {{"rro", "rnosuid"}, 0, 0, ro | nosuid, 0},
      {{"rro", "rrw"}, 0, 0, 0, ro},
      {{"rnoatime"}, 0, 0, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
      {{"ro", "rro"}, ro, 0, ro, 0},
      {{"rdev", "rexec", "rsuid", "rsymfollow"}, 0, 0, 0, nodev | noexec | nosuid | MOUNT_ATTR_NOSYMFOLLOW},
  };
  for (const Case& each : cases) {
    const MountOptions parsed = parse_mount_options(each.options);
    std::string shown;
    for (const std::string& option : each.options) shown += option + " ";
    EXPECT_EQ(parsed.set, each.set) << shown;
    EXPECT_EQ(parsed.clear, each.clear) << shown;
    EXPECT_EQ(parsed.recursive_set, each.recursive_set) << shown;
    EXPECT_EQ(parsed.recursive_clear, each.recursive_clear) << shown;
  }
}

TEST(MountOption, BindMountsKeepOrClearWhatIsNotNamed) {
  constexpr uint64_t plain = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                             MOUNT_ATTR_NOSYMFOLLOW;
  constexpr uint64_t times = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
  const struct {
    oci::Strings options;
    AttributeChange change;
  } free[] = {
      {{"bind"}, {}},
      {{"bind", "norelatime"}, {}},
      {{"bind", "noatime", "atime"}, {}},
      {{"bind", "dev"}, {0, plain}},
      {{"bind", "ro"}, {MOUNT_ATTR_RDONLY, plain & ~uint64_t{MOUNT_ATTR_RDONLY}}},
      {{"bind", "nodiratime"}, {MOUNT_ATTR_NODIRATIME, plain | MOUNT_ATTR__ATIME}},
      {{"bind", "strictatime"}, {MOUNT_ATTR_STRICTATIME, plain | times}},
  };
  for (const auto& each : free) {
    const Result<AttributeChange> change = bind_attributes(parse_mount_options(each.options), {});
    ASSERT_TRUE(change) << each.options.back();
    EXPECT_EQ(*change, each.change) << each.options.back();
  }
  // Locked: what the source has stays, unless it was to go.
  const uint64_t source = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME;
  EXPECT_EQ(*bind_attributes(parse_mount_options({"bind", "ro"}), source),
            (AttributeChange{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV,
                             plain & ~uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV}}));
  EXPECT_TRUE(bind_attributes(parse_mount_options({"bind", "noatime"}), source));
  for (const oci::Strings& options : {oci::Strings{"dev"}, {"strictatime"}, {"relatime"}, {"noatime", "nodiratime"}})
    EXPECT_FALSE(bind_attributes(parse_mount_options(options), source)) << options.back();
}

TEST(MountOption, PropagationKeepsItsOrder) {
  const MountOptions parsed = parse_mount_options({"rslave", "shared"});
  EXPECT_EQ(parsed.propagation, (std::vector<uint64_t>{MS_SLAVE | MS_REC, MS_SHARED}));
  EXPECT_EQ(propagation_flags("runbindable"), static_cast<uint64_t>(MS_UNBINDABLE | MS_REC));
  EXPECT_EQ(propagation_flags("ro"), 0u);
  EXPECT_EQ(propagation_flags("nonsense"), 0u);
}

TEST(MountOption, UnknownOnesBelongToTheFileSystem) {
  const MountOptions parsed =
      parse_mount_options({"mode=755", "", "sync", "newinstance", "defaults", "lowerdir=/a:/b", "tmpcopyup"});
  EXPECT_EQ(parsed.data, (std::vector<std::string>{"mode=755", "newinstance", "lowerdir=/a:/b"}));
  EXPECT_EQ(parsed.superblock, std::vector<std::string>{"sync"});
  EXPECT_TRUE(parsed.tmpcopyup);
}

TEST(MountOption, BindAndIdMap) {
  EXPECT_TRUE(parse_mount_options({"bind"}).bind);
  EXPECT_FALSE(parse_mount_options({"bind"}).recursive_bind);
  EXPECT_TRUE(parse_mount_options({"rbind"}).bind);
  EXPECT_TRUE(parse_mount_options({"rbind"}).recursive_bind);
  EXPECT_TRUE(parse_mount_options({"ridmap"}).idmap);
  EXPECT_TRUE(parse_mount_options({"ridmap"}).recursive_idmap);
  EXPECT_FALSE(parse_mount_options({"idmap"}).recursive_idmap);
}

TEST(MountOption, TableIsSortedForItsSearch) {
  const oci::Strings names = mount_option_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  // What the specification's table names must all be known; an unknown one would go to the file system.
  for (const char* name : {"async",        "atime",       "bind",        "defaults",       "dev",
                           "diratime",     "dirsync",     "exec",        "iversion",       "lazytime",
                           "loud",         "noatime",     "nodev",       "nodiratime",     "noexec",
                           "noiversion",   "nolazytime",  "norelatime",  "nostrictatime",  "nosuid",
                           "nosymfollow",  "private",     "ratime",      "rbind",          "rdev",
                           "rdiratime",    "relatime",    "remount",     "rexec",          "rnoatime",
                           "rnodiratime",  "rnoexec",     "rnorelatime", "rnostrictatime", "rnosuid",
                           "rnosymfollow", "ro",          "rprivate",    "rrelatime",      "rro",
                           "rrw",          "rshared",     "rslave",      "rstrictatime",   "rsuid",
                           "rsymfollow",   "runbindable", "rw",          "shared",         "silent",
                           "slave",        "strictatime", "suid",        "symfollow",      "sync",
                           "tmpcopyup",    "unbindable",  "idmap",       "ridmap"})
    EXPECT_TRUE(parse_mount_options({name}).data.empty()) << name;
}

}  // namespace
}  // namespace nemoclaw::isolation
