// The origin's side of a client's connection: for each request one connection that is exactly behind another
// one's end, and left to the next request of the same caller when it is done.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/enforce/forward.h"
#include "proxy/serve/exchange.h"
#include "proxy/tls/stream.h"
#include "proxy/tls/upstream.h"

namespace nemoclaw::serve {

class Origin {
 public:
  // `upstream`: null for connections without TLS, which need no open().
  Origin(enforce::Forwarding& forwarding, const tls::Upstream* upstream, std::string host)
      : forwarding_(forwarding), upstream_(upstream), host_(std::move(host)) {}

  // Finds out what the origin speaks, over an idle connection or over the one that stands; from now on it
  // must be that. `protocols`: for ALPN.
  net::Task<Result<void>> open(std::vector<std::string> protocols);
  // A usable connection for the next request: one that is idle, or a new one. `repeatable`: the request may be
  // sent again should the origin have ended that one meanwhile.
  net::Task<Result<void>> refresh(bool repeatable);
  net::Task<Result<void>> renew();
  // Before a wait for the next request: the connection is nobody's, unless it is tied to this client.
  void rest();

  // One request over a connection that refresh() chose, sent again if that may be and must.
  net::Task<void> exchange(Side& client, const http::Request& request, const ExchangeOptions& options,
                           ExchangeOutcome& outcome);

  Side& side() { return *side_; }
  enforce::Live& live() { return forwarding_.live(); }
  // What the origin chose; empty: it speaks HTTP/1.1.
  const std::string& alpn() const { return alpn_; }
  // After an exchange: may the connection carry another one, and whose?
  void finish(const ExchangeOutcome& outcome);

 private:
  net::Task<Result<void>> shake(enforce::OriginLink& link);
  void use(std::unique_ptr<enforce::OriginLink> link);
  void close();

  enforce::Forwarding& forwarding_;
  const tls::Upstream* upstream_;
  std::string host_, alpn_, profile_ = "plain";
  std::vector<std::string> protocols_;
  std::unique_ptr<enforce::OriginLink> link_;
  std::optional<Side> side_;
  bool is_open_ = false;  // alpn_ is known
  bool reusable_ = true, is_tied_ = false;
};

// Its effect on the origin is that of sending it once (RFC 9110, section 9.2.1), and nothing of it is gone.
bool is_repeatable(const http::Request& request);

}  // namespace nemoclaw::serve
