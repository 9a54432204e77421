// Sessions of earlier connections to origins. Taking one up saves both ends the certificates and their
// verification: the origin proves that it is who it was when its certificate was verified.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "proxy/tls/openssl.h"

namespace nemoclaw::tls {

class SessionCache {
 public:
  // `about`: everything that was verified or agreed on; a session is only good for exactly that.
  void store(const std::string& about, SessionPtr session);
  // Each is given out once, so that an observer cannot tie connections together (RFC 8446, C.4); null if
  // there is none.
  SessionPtr take(const std::string& about, int64_t now_s);
  size_t size() const { return count_; }

  static constexpr int64_t kLifeSeconds = 3600;  // after that, the certificate is looked at again
  static constexpr size_t kSessionsMax = 256, kPerOriginMax = 8;

 private:
  std::map<std::string, std::deque<SessionPtr>> sessions_;
  size_t count_ = 0;
};

}  // namespace nemoclaw::tls
