#include "runtime/container/state_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/runtime/container/temporary_directory.h"

namespace nemoclaw::container {
namespace {

oci::StateRecord record_of(const std::string& id) {
  oci::StateRecord record;
  record.id = id;
  record.oci_version = "1.3.0";
  record.bundle = "/bundles/" + id;
  record.rootfs = record.bundle + "/rootfs";
  record.created = "2026-01-02T03:04:05Z";
  record.cgroup_driver = "none";
  return record;
}

TEST(StateStore, NothingIsMadeByLooking) {
  const TemporaryDirectory home;
  const StateStore store(home.path() + "/root");
  EXPECT_EQ(store.open("web", Lock::Exclusive).error().errno_value, kNoSuchContainer);
  EXPECT_TRUE(store.list()->empty());
  EXPECT_FALSE(file_exists(store.root()));
}

TEST(StateStore, WhatIsWrittenIsRead) {
  const TemporaryDirectory home;
  const StateStore store(home.path() + "/deep/root");
  {
    const Result<StateDirectory> reserved = store.reserve("web");
    ASSERT_TRUE(reserved.has_value()) << reserved.error().message;
    ASSERT_TRUE(reserved->write_record(record_of("web")).has_value());
    oci::EffectiveSpec effective;
    effective.policy_name = "default";
    ASSERT_TRUE(reserved->write_effective(effective).has_value());
  }
  Result<StateDirectory> opened = store.open("web", Lock::Exclusive);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(*opened->read_record(), record_of("web"));
  EXPECT_EQ(opened->read_effective()->policy_name, "default");
  struct stat status;
  ASSERT_EQ(stat((opened->path() + "/effective.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(StateStore, AnIdIsTakenOnce) {
  const TemporaryDirectory home;
  const StateStore store(home.path());
  ASSERT_TRUE(store.reserve("web").has_value());
  EXPECT_EQ(store.reserve("web").error().message, "container with given ID already exists");
  EXPECT_FALSE(store.reserve("../web").has_value());
}

TEST(StateStore, DirectoriesOfOtherRuntimesAreNotOurs) {
  const TemporaryDirectory home;
  const StateStore store(home.path());
  ASSERT_TRUE(make_directories(home.path() + "/runc-one", 0700).has_value());
  ASSERT_TRUE(write_file_atomic(home.path() + "/runc-one/state.json",
                                R"({"id":"runc-one","init_process_pid":1,"config":{}})", 0600)
                  .has_value());
  ASSERT_TRUE(make_directories(home.path() + "/crun-one", 0700).has_value());
  ASSERT_TRUE(write_file_atomic(home.path() + "/crun-one/status", "{}", 0600).has_value());
  ASSERT_TRUE(write_file_atomic(home.path() + "/file", "", 0600).has_value());
  ASSERT_EQ(symlink("runc-one", (home.path() + "/link").c_str()), 0);
  for (const char* id : {"runc-one", "crun-one", "file", "link"})
    EXPECT_EQ(store.open(id, Lock::Exclusive).error().errno_value, kNoSuchContainer) << id;
  EXPECT_TRUE(store.list()->empty());
}

TEST(StateStore, ARecordUnderAnotherNameIsNotOurs) {
  EXPECT_TRUE(decode_own_record(oci::encode_state_record(record_of("web")), "web").has_value());
  EXPECT_FALSE(decode_own_record(oci::encode_state_record(record_of("web")), "db").has_value());
  EXPECT_FALSE(decode_own_record("", "web").has_value());
}

TEST(StateStore, ListIsSortedAndLeavesOutTheUnfinished) {
  const TemporaryDirectory home;
  const StateStore store(home.path());
  for (const char* id : {"b", "a", "c"}) {
    const Result<StateDirectory> reserved = store.reserve(id);
    ASSERT_TRUE(reserved.has_value());
    if (std::string(id) == "c") continue;
    ASSERT_TRUE(reserved->write_record(record_of(id)).has_value());
  }
  EXPECT_EQ(*store.list(), (std::vector<std::string>{"a", "b"}));
}

TEST(StateStore, AnAbandonedReservationCanBeOpenedAndRemoved) {
  const TemporaryDirectory home;
  const StateStore store(home.path());
  ASSERT_TRUE(store.reserve("web").has_value());
  ASSERT_TRUE(write_file_atomic(home.path() + "/web/state.json.77.tmp", "{", 0600).has_value());
  Result<StateDirectory> opened = store.open("web", Lock::Exclusive);
  ASSERT_TRUE(opened.has_value());
  EXPECT_FALSE(opened->read_record().has_value());
  ASSERT_TRUE(opened->remove().has_value());
  EXPECT_FALSE(file_exists(home.path() + "/web"));
}

TEST(StateStore, TheLockIsSeenByOthersAndEndsWithTheObject) {
  const TemporaryDirectory home;
  const StateStore store(home.path());
  Result<StateDirectory> reserved = store.reserve("web");
  ASSERT_TRUE(reserved.has_value());
  ASSERT_TRUE(reserved->write_record(record_of("web")).has_value());
  const Result<StateDirectory> looker = store.open("web", Lock::None);
  ASSERT_TRUE(looker.has_value());
  EXPECT_TRUE(looker->is_locked_elsewhere());
  EXPECT_FALSE(reserved->is_locked_elsewhere());
  // A process that inherited the descriptor, as the container's init does, must not keep the lock.
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  reserved->unlock();
  EXPECT_FALSE(looker->is_locked_elsewhere());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(StateStore, AWaiterLearnsThatTheContainerWasDeleted) {
  const TemporaryDirectory home;
  const StateStore store(home.path());
  Result<StateDirectory> reserved = store.reserve("web");
  ASSERT_TRUE(reserved.has_value());
  ASSERT_TRUE(reserved->write_record(record_of("web")).has_value());
  const pid_t waiter = fork();
  if (waiter == 0) {
    // A fork shares the lock's description; only a description of its own waits.
    Result<StateDirectory> opened = store.open("web", Lock::Exclusive);
    _exit(!opened && opened.error().errno_value == kNoSuchContainer ? 0 : 1);
  }
  ASSERT_TRUE(reserved->remove().has_value());
  reserved->unlock();
  int status = -1;
  waitpid(waiter, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace nemoclaw::container
