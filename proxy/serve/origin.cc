#include "proxy/serve/origin.h"

namespace nemoclaw::serve {

namespace {

// A request that must not be sent twice takes no connection that its origin is likely to end just now.
constexpr std::chrono::seconds kIdleMax{30}, kIdleMaxForOnce{10};
constexpr std::string_view kHttp2 = "h2";

std::string render_profile(const std::vector<std::string>& protocols) {
  std::string text = "tls";
  for (const std::string& protocol : protocols) text += " " + protocol;
  return text;
}

}  // namespace

bool is_repeatable(const http::Request& request) {
  const bool is_safe = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
  return is_safe && request.framing.kind != http::BodyKind::Chunked && request.framing.length == 0;
}

void Origin::close() {
  side_.reset();
  link_.reset();
}

void Origin::use(std::unique_ptr<enforce::OriginLink> link) {
  link_ = std::move(link);
  side_.emplace(Side{*link_->stream, {}});
  reusable_ = true;
  is_tied_ = false;
}

net::Task<Result<void>> Origin::shake(enforce::OriginLink& link) {
  link.profile = profile_;
  if (!upstream_) {
    link.stream = std::make_unique<net::PlainStream>(link.socket);
    co_return Result<void>();
  }
  Result<tls::SslPtr> ssl = upstream_->connect(host_, protocols_);
  if (!ssl) co_return ssl.error();
  auto stream = std::make_unique<tls::Stream>(link.socket, std::move(*ssl));
  const Result<void> shaken = co_await stream->handshake();
  if (!shaken) co_return shaken.error();
  // Going on without the certificate would silently be somebody else there.
  if (tls::asked_for_certificate(stream->ssl()))
    co_return make_error(
        "the origin asks for a client certificate, which an inspecting proxy cannot give (tls: passthrough lets "
        "the client talk to it directly)");
  link.alpn = stream->alpn();
  link.stream = std::move(stream);
  co_return Result<void>();
}

net::Task<Result<void>> Origin::open(std::vector<std::string> protocols) {
  protocols_ = std::move(protocols);
  profile_ = render_profile(protocols_);
  co_return co_await refresh(true);
}

net::Task<Result<void>> Origin::refresh(bool repeatable) {
  if (link_) {
    if (reusable_ && !(link_->was_used && link_->stream->is_stale())) co_return Result<void>();
    close();
  }
  auto idle = forwarding_.take_idle(profile_, repeatable ? kIdleMax : kIdleMaxForOnce);
  if (!idle) co_return co_await renew();
  if (!is_open_) alpn_ = idle->alpn;
  is_open_ = true;
  idle->was_used = true;  // or has waited, which is the same to who asks whether it may be gone
  use(std::move(idle));
  co_return Result<void>();
}

net::Task<Result<void>> Origin::renew() {
  close();
  Result<std::unique_ptr<enforce::OriginLink>> connected = co_await forwarding_.connect();
  if (!connected) co_return connected.error();
  const Result<void> shaken = co_await shake(**connected);
  if (!shaken) co_return shaken.error();
  if (is_open_ && (*connected)->alpn != alpn_)
    co_return make_error("the origin chose another protocol than before");
  alpn_ = (*connected)->alpn;
  is_open_ = true;
  use(std::move(*connected));
  co_return Result<void>();
}

void Origin::rest() {
  if (!link_ || is_tied_ || alpn_ == kHttp2) return;
  side_.reset();
  if (reusable_)
    forwarding_.leave_idle(std::move(link_));
  else
    link_.reset();
}

void Origin::finish(const ExchangeOutcome& outcome) {
  reusable_ = outcome.origin_reusable;
  is_tied_ = reusable_ && (is_tied_ || !outcome.origin_shareable);
  if (!link_) return;
  link_->was_used = true;
  if (outcome.origin_patience) link_->patience = *outcome.origin_patience;
}

net::Task<void> Origin::exchange(Side& client, const http::Request& request, const ExchangeOptions& options,
                                 ExchangeOutcome& outcome) {
  co_await serve::exchange(client, *side_, request, options, outcome);
  // The origin may have closed an idle connection just when the request was on its way.
  const bool is_lost = !outcome.failure.empty() && !outcome.answer_started && link_->was_used;
  if (is_lost && is_repeatable(request)) {
    const Result<void> again = co_await renew();
    if (!again) co_return;
    outcome = {};
    co_await serve::exchange(client, *side_, request, options, outcome);
  }
  finish(outcome);
}

}  // namespace nemoclaw::serve
