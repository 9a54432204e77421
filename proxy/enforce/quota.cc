#include "proxy/enforce/quota.h"

#include <algorithm>

namespace nemoclaw::enforce {

namespace {
constexpr std::chrono::seconds kMinute{60}, kHour{3600};
}

void Quota::Window::add(uint64_t amount, Time now, std::chrono::seconds length) {
  if (now - start >= length) {
    start = now;
    used = 0;
  }
  used += amount;
}

uint64_t Quota::body_bytes_left(const std::string& key, const policy::RateLimits& limits, Time now) const {
  uint64_t left = limits.body_bytes_max.value_or(UINT64_MAX);
  if (!limits.bytes_out_per_hour) return left;
  const auto found = usage_.find(key);
  const uint64_t used = found == usage_.end() ? 0 : found->second.bytes.in(now, kHour);
  return std::min(left, *limits.bytes_out_per_hour - std::min(used, *limits.bytes_out_per_hour));
}

std::string Quota::take_request(const std::string& key, const policy::RateLimits& limits, uint64_t body_bytes,
                                Time now) {
  if (limits.body_bytes_max && body_bytes > *limits.body_bytes_max)
    return "the body has " + std::to_string(body_bytes) + " bytes, and limits.body_bytes_max is " +
           std::to_string(*limits.body_bytes_max);
  const uint64_t left = body_bytes_left(key, limits, now);
  if (limits.bytes_out_per_hour && (left == 0 || body_bytes > left))
    return "limits.bytes_out_per_hour of " + std::to_string(*limits.bytes_out_per_hour) + " is used up";
  if (!limits.requests_per_minute) return {};
  Window& requests = usage_[key].requests;
  if (requests.in(now, kMinute) >= *limits.requests_per_minute)
    return "more than " + std::to_string(*limits.requests_per_minute) + " requests within a minute";
  requests.add(1, now, kMinute);
  return {};
}

void Quota::add_bytes_out(const std::string& key, uint64_t bytes, Time now) {
  usage_[key].bytes.add(bytes, now, kHour);
}

}  // namespace nemoclaw::enforce
