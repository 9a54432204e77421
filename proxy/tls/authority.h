// The certificate authority of one sandbox. Made anew when the sandbox starts; its key exists only in the
// memory of the proxy that terminates TLS (and of the process that restarts it), so nothing on disk can sign
// for it. Leaves follow RFC 5280 and the parts of the CA/Browser Forum's profile that clients check (SAN
// only, EKU serverAuth, short life).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/tls/openssl.h"
#include "runtime/base/result.h"

namespace nemoclaw::tls {

// The authority lives as long as a sandbox may run; leaves are short-lived and issued again in time.
inline constexpr int64_t kAuthorityLifeSeconds = int64_t{398} * 86400;
inline constexpr int64_t kLeafLifeSeconds = int64_t{7} * 86400;
// Containers with a clock that is behind still accept what was issued a moment ago.
inline constexpr int64_t kBackdateSeconds = 86400;

class Authority {
 public:
  // `now_s`: seconds since the epoch. `label` goes into the subject, so that an operator who sees the
  // certificate knows where it is from.
  static Result<Authority> create(std::string_view label, int64_t now_s);
  // What export_secret() gave.
  static Result<Authority> import(std::string_view secret);

  const std::string& certificate_pem() const { return certificate_pem_; }
  // Certificate and keys as PEM. Only ever passed through a sealed memory file to the next worker.
  Result<std::string> export_secret() const;

  // `host`: a normalised name (lower case A-labels, no wildcard) or an address literal without brackets.
  // Refuses anything else: what the client claims must not become a wildcard or a second name.
  Result<CertificatePtr> issue(std::string_view host, int64_t now_s) const;
  EVP_PKEY* leaf_key() const { return leaf_key_.get(); }
  X509* certificate() const { return certificate_.get(); }

 private:
  Authority() = default;
  KeyPtr key_, leaf_key_;  // one key for all leaves: a key pair costs more than a signature
  CertificatePtr certificate_;
  std::string certificate_pem_;
};

}  // namespace nemoclaw::tls
