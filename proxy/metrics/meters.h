// What one proxy counts. Bounded: a sandbox cannot make it grow by what it asks for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "proxy/metrics/histogram.h"

namespace nemoclaw::metrics {

struct Meters {
  // verdict, way in, code ("" of an allow), entry of the policy ("" if none decided).
  using Decision = std::tuple<std::string, std::string, std::string, std::string>;

  void count_decision(std::string_view verdict, std::string_view via, std::string_view code, std::string_view entry,
                      uint64_t times);
  // By a word of ours.
  void count_name(const std::string& result) { ++names[result]; }
  void count_identity_failure(const std::string& code) { ++identity_failures[code]; }

  std::map<Decision, uint64_t> decisions;
  std::map<std::string, uint64_t> names, identity_failures;
  uint64_t connections_accepted = 0, connections_shed = 0, origins_failed = 0, audit_failures = 0;
  uint64_t bytes_out = 0, bytes_in = 0;
  Histogram decision, identity, resolve, dial;

 private:
  static constexpr size_t kDecisionsMax = 512;
};

}  // namespace nemoclaw::metrics
