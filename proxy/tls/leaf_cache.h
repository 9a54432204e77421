// The certificates that a sandbox's authority has issued, by host; the least recently used go first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proxy/tls/authority.h"

namespace nemoclaw::tls {

class LeafCache {
 public:
  // About 1.5 KB each.
  explicit LeafCache(Authority authority, size_t leaves_max = 1024)
      : authority_(std::move(authority)), leaves_max_(leaves_max) {}

  // The cache keeps the certificate; who uses it on takes a reference of their own (SSL_use_certificate
  // does).
  Result<X509*> find_or_issue(std::string_view host, int64_t now_s);
  const Authority& authority() const { return authority_; }
  size_t size() const { return by_host_.size(); }

 private:
  struct Leaf {
    std::string host;
    CertificatePtr certificate;
    int64_t renew_s;
  };
  Authority authority_;
  size_t leaves_max_;
  std::list<Leaf> recent_;  // most recently used first
  std::unordered_map<std::string, std::list<Leaf>::iterator> by_host_;
};

}  // namespace nemoclaw::tls
