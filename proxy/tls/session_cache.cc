#include "proxy/tls/session_cache.h"

namespace nemoclaw::tls {

void SessionCache::store(const std::string& about, SessionPtr session) {
  if (count_ >= kSessionsMax) {  // many origins: starting anew costs handshakes, never memory
    sessions_.clear();
    count_ = 0;
  }
  std::deque<SessionPtr>& known = sessions_[about];
  known.push_back(std::move(session));
  ++count_;
  if (known.size() <= kPerOriginMax) return;
  known.pop_front();
  --count_;
}

SessionPtr SessionCache::take(const std::string& about, int64_t now_s) {
  const auto found = sessions_.find(about);
  if (found == sessions_.end()) return nullptr;
  SessionPtr newest = std::move(found->second.back());
  found->second.pop_back();
  --count_;
  const auto made_s = static_cast<int64_t>(SSL_SESSION_get_time(newest.get()));
  const bool is_fresh =
      now_s >= made_s && now_s - made_s < kLifeSeconds && SSL_SESSION_is_resumable(newest.get());
  if (!is_fresh) {  // the others are older
    count_ -= found->second.size();
    sessions_.erase(found);
    return nullptr;
  }
  if (found->second.empty()) sessions_.erase(found);
  return newest;
}

}  // namespace nemoclaw::tls
