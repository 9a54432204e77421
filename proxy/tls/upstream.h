// Our end of the TLS connection to an origin: its certificate is verified against the node's roots and the
// name that the policy was asked about (RFC 9525: subject alternative names only). What cannot be verified is
// never passed on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/tls/openssl.h"
#include "proxy/tls/session_cache.h"
#include "runtime/base/result.h"

namespace nemoclaw::tls {

class Upstream {
 public:
  // `roots`: PEM certificates. Fails if there is none: nothing could be verified.
  static Result<Upstream> create(std::string_view roots);

  // Takes up a session of an earlier connection to the same host with the same protocols, if the origin gave
  // one. `protocols`: for ALPN, in order of preference; empty: none is offered. `host`: a name or an address
  // literal.
  Result<SslPtr> connect(const std::string& host, const std::vector<std::string>& protocols) const;

 private:
  explicit Upstream(SslContextPtr context);
  std::unique_ptr<SessionCache> sessions_;  // before the context, which refers to it
  SslContextPtr context_;
};

// The origin asked for a certificate of the client, which the proxy does not have.
bool asked_for_certificate(const SSL* ssl);

}  // namespace nemoclaw::tls
