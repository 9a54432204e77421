// Our end of a client's TLS connection: a certificate of the sandbox's authority for the host that the client
// wants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/tls/leaf_cache.h"

namespace nemoclaw::tls {

class Server {
 public:
  // One context for all connections: TLS 1.2 and 1.3, no renegotiation, no compression, no early data. No
  // session is resumed: a session made by one program must not let another one in.
  static Result<Server> create(Authority authority);

  // `protocol`: the only one that ALPN may choose ("http/1.1", "h2"); "": none is offered. A client that
  // offers only others gets the alert no_application_protocol; one that offers nothing is served.
  Result<SslPtr> accept(std::string_view host, std::string protocol, int64_t now_s);
  const std::string& certificate_pem() const { return leaves_->authority().certificate_pem(); }

 private:
  Server(SslContextPtr context, Authority authority);
  SslContextPtr context_;
  std::unique_ptr<LeafCache> leaves_;
};

}  // namespace nemoclaw::tls
