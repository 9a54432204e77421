#include "proxy/metrics/exposition.h"

#include <gtest/gtest.h>

#include "proxy/metrics/meters.h"

namespace nemoclaw::metrics {
namespace {

using std::chrono::microseconds;

TEST(Exposition, WritesFamiliesAndEscapesLabels) {
  Exposition text(Labels{{"sandbox", "a\"b\\c\nd"}});
  text.family("x_total", "counter", "Counts.").sample(uint64_t{7}).sample({{"kind", "é"}}, uint64_t{UINT64_MAX});
  text.family("y", "gauge", "Is.").sample({}, 1.5);
  EXPECT_EQ(text.take(),
            "# HELP x_total Counts.\n# TYPE x_total counter\n"
            "x_total{sandbox=\"a\\\"b\\\\c\\nd\"} 7\n"
            "x_total{sandbox=\"a\\\"b\\\\c\\nd\",kind=\"é\"} 18446744073709551615\n"
            "# HELP y Is.\n# TYPE y gauge\n"
            "y{sandbox=\"a\\\"b\\\\c\\nd\"} 1.5\n");
}

TEST(Exposition, SamplesNeedNoLabels) {
  Exposition text{Labels()};
  EXPECT_EQ(text.family("x", "gauge", "Is.").sample(uint64_t{1}).take(), "# HELP x Is.\n# TYPE x gauge\nx 1\n");
}

TEST(Exposition, BucketsOfHistogramsAddUp) {
  Histogram observed;
  observed.observe(microseconds(50));       // a bound belongs to its bucket
  observed.observe(microseconds(51));
  observed.observe(microseconds(3'000));
  observed.observe(std::chrono::hours(1));  // beyond all bounds
  observed.observe(microseconds(-5));       // a clock that went backwards is no time
  Exposition text{Labels()};
  text.family("t_seconds", "histogram", "Took.").histogram({{"of", "x"}}, observed);
  const std::string written = text.take();
  for (const char* line :
       {"t_seconds_bucket{of=\"x\",le=\"5e-05\"} 2\n", "t_seconds_bucket{of=\"x\",le=\"0.0001\"} 3\n",
        "t_seconds_bucket{of=\"x\",le=\"0.0025\"} 3\n", "t_seconds_bucket{of=\"x\",le=\"0.005\"} 4\n",
        "t_seconds_bucket{of=\"x\",le=\"10\"} 4\n", "t_seconds_bucket{of=\"x\",le=\"+Inf\"} 5\n",
        "t_seconds_count{of=\"x\"} 5\n", "t_seconds_sum{of=\"x\"} 3600.0031"})
    EXPECT_NE(written.find(line), written.npos) << line << written;
}

TEST(Exposition, MergingKeepsFamiliesTogether) {
  const std::string one = "# HELP a A.\n# TYPE a counter\na{s=\"1\"} 1\n# HELP b B.\n# TYPE b gauge\nb{s=\"1\"} 2\n";
  const std::string other = "# HELP b B.\n# TYPE b gauge\nb{s=\"2\"} 3\n# HELP c C.\n# TYPE c gauge\n";
  EXPECT_EQ(merge({one, "", other}),
            "# HELP a A.\n# TYPE a counter\na{s=\"1\"} 1\n"
            "# HELP b B.\n# TYPE b gauge\nb{s=\"1\"} 2\nb{s=\"2\"} 3\n"
            "# HELP c C.\n# TYPE c gauge\n");
  EXPECT_EQ(merge({}), "");
  EXPECT_EQ(merge({"# HELP ", "no metrics\n", "# HELP x"}), "# HELP # HELP x");  // not ours, and no crash
}

TEST(Meters, DecisionsAreBounded) {
  Meters meters;
  for (int entry = 0; entry < 5000; ++entry)
    meters.count_decision("allowed", "connect", "", "entry" + std::to_string(entry), 2);
  meters.count_decision("denied", "connect", "policy_denied", "", 3);
  EXPECT_LE(meters.decisions.size(), 520U);
  uint64_t allowed = 0;
  for (const auto& [key, times] : meters.decisions) allowed += std::get<0>(key) == "allowed" ? times : 0;
  EXPECT_EQ(allowed, 10'000U);
  EXPECT_EQ((meters.decisions[{"denied", "connect", "policy_denied", ""}]), 3U);
}

}  // namespace
}  // namespace nemoclaw::metrics
