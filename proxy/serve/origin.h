// The origin's side of an inspected connection: opened with the first request's connection, renewed when the
// origin has closed it between two requests.
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
  // `upstream`: null for a connection without TLS.
  Origin(enforce::Forwarding& forwarding, const tls::Upstream* upstream, std::string host)
      : forwarding_(forwarding), upstream_(upstream), host_(std::move(host)) {}

  // The TLS handshake, over the connection that stands already. `protocols`: for ALPN.
  net::Task<Result<void>> open(std::vector<std::string> protocols);
  // A usable connection for the next request: the same, or a new one.
  net::Task<Result<void>> refresh();
  net::Task<Result<void>> renew();

  Side& side() { return *side_; }
  enforce::Live& live() { return forwarding_.live(); }
  // What the origin chose; empty: it speaks HTTP/1.1.
  const std::string& alpn() const { return alpn_; }
  bool was_used() const { return used_; }
  // After an exchange: may the connection carry another one?
  void set_reusable(bool reusable) {
    reusable_ = reusable;
    used_ = true;
  }

 private:
  enforce::Forwarding& forwarding_;
  const tls::Upstream* upstream_;
  std::string host_, alpn_;
  std::vector<std::string> protocols_;
  std::unique_ptr<net::Stream> stream_;
  std::optional<Side> side_;
  bool reusable_ = true, used_ = false;
};

}  // namespace nemoclaw::serve
