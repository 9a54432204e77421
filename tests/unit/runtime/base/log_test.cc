#include "runtime/base/log.h"

#include <gtest/gtest.h>

namespace nemoclaw::log {
namespace {

TEST(Rfc3339, IsUtcWithNanoseconds) {
  const struct {
    time_t seconds;
    long nanoseconds;
    const char* text;
  } cases[] = {
      {0, 0, "1970-01-01T00:00:00.000000000Z"},
      {951782399, 1, "2000-02-28T23:59:59.000000001Z"},
      {951782400, 999999999, "2000-02-29T00:00:00.999999999Z"},
      {1767323045, 123456789, "2026-01-02T03:04:05.123456789Z"},
      {4107542400, 0, "2100-03-01T00:00:00.000000000Z"},
  };
  for (const auto& each : cases) EXPECT_EQ(rfc3339({each.seconds, each.nanoseconds}), each.text);
}

TEST(Rfc3339, IgnoresTheCallersTimeZone) {
  setenv("TZ", "Asia/Tokyo", 1);
  EXPECT_EQ(rfc3339({0, 0}), "1970-01-01T00:00:00.000000000Z");
  unsetenv("TZ");
}

}  // namespace
}  // namespace nemoclaw::log
