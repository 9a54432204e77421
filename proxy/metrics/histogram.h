// How long things took, in buckets: 200 bytes each, whatever happens.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace nemoclaw::metrics {

class Histogram {
 public:
  // Upper bounds in microseconds; what is slower counts in the last bucket, which has none.
  static constexpr std::array<uint32_t, 17> kBounds = {50,     100,    250,    500,     1000,    2500,
                                                       5000,   10000,  25000,  50000,   100000,  250000,
                                                       500000, 1000000, 2500000, 5000000, 10000000};

  void observe(std::chrono::nanoseconds time) {
    const auto us = static_cast<uint64_t>(time.count() < 0 ? 0 : time.count()) / 1000;
    size_t bucket = 0;
    while (bucket < kBounds.size() && us > kBounds[bucket]) ++bucket;
    ++counts_[bucket];
    sum_ns_ += static_cast<uint64_t>(time.count() < 0 ? 0 : time.count());
  }
  // Of one bucket alone; `bucket` up to kBounds.size().
  uint64_t count(size_t bucket) const { return counts_[bucket]; }
  double sum_seconds() const { return static_cast<double>(sum_ns_) / 1e9; }

 private:
  std::array<uint64_t, kBounds.size() + 1> counts_ = {};
  uint64_t sum_ns_ = 0;
};

// Observes the time from its making to its end.
class Timing {
 public:
  explicit Timing(Histogram& histogram) : histogram_(histogram) {}
  ~Timing() { histogram_.observe(std::chrono::steady_clock::now() - since_); }
  Timing(const Timing&) = delete;
  Timing& operator=(const Timing&) = delete;

 private:
  Histogram& histogram_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace nemoclaw::metrics
