#include "proxy/enforce/quota.h"

#include <gtest/gtest.h>

namespace nemoclaw::enforce {
namespace {

using std::chrono::seconds;
const Quota::Time kStart = Quota::Time(std::chrono::hours(100));

TEST(Quota, RequestsWithinAMinute) {
  Quota quota;
  policy::RateLimits limits;
  limits.requests_per_minute = 2;
  EXPECT_EQ(quota.take_request("a", limits, 0, kStart), "");
  EXPECT_EQ(quota.take_request("a", limits, 0, kStart + seconds(59)), "");
  EXPECT_NE(quota.take_request("a", limits, 0, kStart + seconds(59)), "");
  EXPECT_EQ(quota.take_request("b", limits, 0, kStart + seconds(59)), "");  // another endpoint
  EXPECT_EQ(quota.take_request("a", limits, 0, kStart + seconds(60)), "");
}

TEST(Quota, BytesWithinAnHour) {
  Quota quota;
  policy::RateLimits limits;
  limits.bytes_out_per_hour = 1000;
  EXPECT_EQ(quota.body_bytes_left("a", limits, kStart), 1000U);
  EXPECT_NE(quota.take_request("a", limits, 1001, kStart), "");
  EXPECT_EQ(quota.take_request("a", limits, 600, kStart), "");
  quota.add_bytes_out("a", 600, kStart);
  EXPECT_EQ(quota.body_bytes_left("a", limits, kStart), 400U);
  EXPECT_NE(quota.take_request("a", limits, 401, kStart), "");
  quota.add_bytes_out("a", 500, kStart + seconds(10));  // more than was left: heads count too
  EXPECT_NE(quota.take_request("a", limits, 0, kStart + seconds(10)), "");
  EXPECT_EQ(quota.take_request("a", limits, 1000, kStart + seconds(3600)), "");
}

TEST(Quota, BodiesAndNoLimits) {
  Quota quota;
  policy::RateLimits limits;
  EXPECT_EQ(quota.body_bytes_left("a", limits, kStart), UINT64_MAX);
  EXPECT_EQ(quota.take_request("a", limits, UINT64_MAX, kStart), "");
  limits.body_bytes_max = 10;
  EXPECT_EQ(quota.take_request("a", limits, 10, kStart), "");
  EXPECT_NE(quota.take_request("a", limits, 11, kStart), "");
  limits.bytes_out_per_hour = 5;
  EXPECT_EQ(quota.body_bytes_left("a", limits, kStart), 5U);
}

}  // namespace
}  // namespace nemoclaw::enforce
