#include "runtime/cgroup/driver_none.h"

#include <gtest/gtest.h>

namespace nemoclaw::cgroup {
namespace {

TEST(DriverNone, EmptySectionsAndDevicesAskForNothing) {
  oci::Resources resources;
  EXPECT_FALSE(needs_cgroup(resources));
  resources.devices.emplace_back();
  resources.memory.emplace();
  resources.cpu.emplace();
  resources.block_io.emplace();
  resources.pids_limit = 0;
  EXPECT_FALSE(needs_cgroup(resources));
  EXPECT_TRUE(DriverNone().apply_limits(resources, false));
}

TEST(DriverNone, LimitsAreRefusedNotForgotten) {
  oci::Resources memory, pids, unified;
  memory.memory.emplace().limit = 1 << 20;
  pids.pids_limit = 5;
  unified.unified = {{"memory.high", "1"}};
  for (const oci::Resources& each : {memory, pids, unified}) {
    EXPECT_TRUE(needs_cgroup(each));
    EXPECT_FALSE(DriverNone().apply_limits(each, false));
  }
}

TEST(DriverNone, IsReopenedFromARecord) {
  const auto driver = reopen_driver("none", {});
  ASSERT_TRUE(driver) << driver.error().message;
  EXPECT_FALSE((*driver)->freeze(true));
  EXPECT_FALSE(*(*driver)->is_frozen());
  EXPECT_TRUE((*driver)->remove());
}

}  // namespace
}  // namespace nemoclaw::cgroup
