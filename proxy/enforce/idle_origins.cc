#include "proxy/enforce/idle_origins.h"

#include <algorithm>

namespace nemoclaw::enforce {

namespace {

using Clock = std::chrono::steady_clock;

bool contains(const IdleOrigins::Addresses& judged, const asio::ip::address& address) {
  return std::find(judged.begin(), judged.end(), address) != judged.end();
}

bool is_good(OriginLink& link, std::chrono::seconds idle_max, Clock::time_point now) {
  return now - link.idle_since < std::min(idle_max, link.patience) && !link.stream->is_stale();
}

}  // namespace

std::string origin_key(const Container& container, const policy::L4Request& request,
                       const std::optional<uint32_t>& uid) {
  const policy::Caller& caller = request.caller;
  std::string key;
  key.reserve(512);
  // No part of it can hold a NUL, and of those that repeat the number comes first.
  const auto add = [&](std::string_view part) { key.append(part).append(1, '\0'); };
  add(container.subject.container);
  add(std::to_string(container.subject.generation));
  add(request.host);
  add(std::to_string(request.port));
  add(uid ? std::to_string(*uid) : "");
  add(caller.binary);
  add(caller.binary_sha256);
  add(caller.script);
  add(std::to_string(caller.ancestors.size()));
  for (const std::string& ancestor : caller.ancestors) add(ancestor);
  for (const std::string& hash : caller.ancestor_sha256) add(hash);
  return key;
}

void IdleOrigins::put(const std::string& key, std::unique_ptr<OriginLink> link, Time now) {
  if (size_ >= kMax) drop_oldest(now);
  if (!timer_) timer_ = std::make_unique<asio::steady_timer>(link->socket.get_executor());
  link->idle_since = now;
  buckets_[key].push_back(std::move(link));
  ++size_;
  wake_later();
}

std::unique_ptr<OriginLink> IdleOrigins::take(const std::string& key, const Addresses& judged,
                                              std::string_view profile, std::chrono::seconds idle_max,
                                              Time now) {
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) return nullptr;
  Bucket& bucket = found->second;
  for (size_t at = bucket.size(); at-- > 0;) {
    OriginLink& link = *bucket[at];
    if (link.profile != profile || !contains(judged, link.address)) continue;
    std::unique_ptr<OriginLink> taken = std::move(bucket[at]);
    bucket.erase(bucket.begin() + static_cast<std::ptrdiff_t>(at));
    --size_;
    if (is_good(*taken, idle_max, now)) return taken;
  }
  return nullptr;
}

std::optional<asio::ip::address> IdleOrigins::find(const std::string& key, const Addresses& judged, Time now) {
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) return std::nullopt;
  for (auto at = found->second.rbegin(); at != found->second.rend(); ++at)
    if (contains(judged, (*at)->address) && is_good(**at, kLife, now)) return (*at)->address;
  return std::nullopt;
}

void IdleOrigins::drop(const std::string& container) {
  const std::string prefix = container + '\0';
  std::erase_if(buckets_, [&](const auto& each) {
    if (!each.first.starts_with(prefix)) return false;
    size_ -= each.second.size();
    return true;
  });
}

void IdleOrigins::drop_oldest(Time older_than) {
  Bucket* oldest = nullptr;
  for (auto& [key, bucket] : buckets_)
    if (!bucket.empty() && bucket.front()->idle_since < older_than &&
        (!oldest || bucket.front()->idle_since < oldest->front()->idle_since))
      oldest = &bucket;
  if (!oldest) return;
  oldest->erase(oldest->begin());
  --size_;
}

void IdleOrigins::trim(Time now) {
  size_t left = 0;
  for (auto& [key, bucket] : buckets_) {
    std::erase_if(bucket, [&](const auto& link) { return !is_good(*link, kLife, now); });
    const auto is_busy = [&](const auto& link) { return now - link->idle_since < kBusy; };
    const auto resting = std::find_if(bucket.begin(), bucket.end(), is_busy) - bucket.begin();
    const auto surplus = static_cast<std::ptrdiff_t>(bucket.size()) - static_cast<std::ptrdiff_t>(kRestingPerKey);
    if (surplus > 0) bucket.erase(bucket.begin(), bucket.begin() + std::min(resting, surplus));
    left += bucket.size();
  }
  size_ = left;
  std::erase_if(buckets_, [](const auto& each) { return each.second.empty(); });
  for (size_t before = size_ + 1; size_ > kResting && size_ < before;) {
    before = size_;
    drop_oldest(now - kBusy);
  }
}

void IdleOrigins::wake_later() {
  if (is_timed_ || size_ == 0) return;
  is_timed_ = true;
  timer_->expires_after(std::chrono::seconds(1));
  timer_->async_wait([this](const asio::error_code& code) {
    is_timed_ = false;
    if (code) return;
    trim(Clock::now());
    wake_later();
  });
}

}  // namespace nemoclaw::enforce
