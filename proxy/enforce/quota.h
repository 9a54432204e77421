// The limits of endpoints (`limits` in the policy): how many requests in a minute, how many bytes out in an
// hour. Pure but for what it counts; the time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "policy/model/policy.h"

namespace nemoclaw::enforce {

class Quota {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Counts one request of `key` (a container's endpoint). "" or the reason why it is one too many;
  // `body_bytes`: what it says that it will send, 0 if it does not say.
  std::string take_request(const std::string& key, const policy::RateLimits& limits, uint64_t body_bytes,
                           Time now);
  // How much the body of a request may have, by all limits together; UINT64_MAX: no limit.
  uint64_t body_bytes_left(const std::string& key, const policy::RateLimits& limits, Time now) const;
  void add_bytes_out(const std::string& key, uint64_t bytes, Time now);

 private:
  struct Window {
    Time start{};
    uint64_t used = 0;
    // What was used within `length` before `now`; a window that is over counts for nothing.
    uint64_t in(Time now, std::chrono::seconds length) const { return now - start < length ? used : 0; }
    void add(uint64_t amount, Time now, std::chrono::seconds length);
  };
  struct Usage {
    Window requests, bytes;
  };
  std::map<std::string, Usage> usage_;  // bounded: by the endpoints of the policies
};

}  // namespace nemoclaw::enforce
