#include "proxy/tls/leaf_cache.h"

namespace nemoclaw::tls {

Result<X509*> LeafCache::find_or_issue(std::string_view host, int64_t now_s) {
  const std::string key(host);
  if (const auto found = by_host_.find(key); found != by_host_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    if (now_s < found->second->renew_s) return found->second->certificate.get();
    recent_.erase(found->second);
    by_host_.erase(found);
  }
  CertificatePtr certificate = TRY(authority_.issue(host, now_s));
  // A day before its end, so that a connection which starts now does not meet an expired one.
  recent_.push_front(Leaf{key, std::move(certificate), now_s + kLeafLifeSeconds - 86400});
  by_host_[key] = recent_.begin();
  if (recent_.size() > leaves_max_) {
    by_host_.erase(recent_.back().host);
    recent_.pop_back();
  }
  return recent_.front().certificate.get();
}

}  // namespace nemoclaw::tls
