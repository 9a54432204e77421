#include "proxy/serve/origin.h"

namespace nemoclaw::serve {

net::Task<Result<void>> Origin::open(std::vector<std::string> protocols) {
  protocols_ = std::move(protocols);
  side_.reset();
  used_ = false;
  reusable_ = true;
  if (!upstream_) {
    stream_ = std::make_unique<net::PlainStream>(forwarding_.socket());
  } else {
    Result<tls::SslPtr> ssl = upstream_->connect(host_, protocols_);
    if (!ssl) co_return ssl.error();
    auto stream = std::make_unique<tls::Stream>(forwarding_.socket(), std::move(*ssl));
    const Result<void> shaken = co_await stream->handshake();
    if (!shaken) co_return shaken.error();
    // Going on without the certificate would silently be somebody else there.
    if (tls::asked_for_certificate(stream->ssl()))
      co_return make_error(
          "the origin asks for a client certificate, which an inspecting proxy cannot give (tls: passthrough "
          "lets "
          "the client talk to it directly)");
    alpn_ = stream->alpn();
    stream_ = std::move(stream);
  }
  side_.emplace(Side{*stream_, {}});
  co_return Result<void>();
}

net::Task<Result<void>> Origin::refresh() {
  if (reusable_ && !(used_ && stream_->is_stale())) co_return Result<void>();
  co_return co_await renew();
}

net::Task<Result<void>> Origin::renew() {
  side_.reset();
  stream_.reset();
  const Result<void> opened = co_await forwarding_.reopen();
  if (!opened) co_return opened.error();
  const std::string before = alpn_;
  const Result<void> shaken = co_await open(protocols_);
  if (shaken && alpn_ != before) co_return make_error("the origin chose another protocol than before");
  co_return shaken;
}

}  // namespace nemoclaw::serve
