#include "proxy/serve/inspect.h"

#include <algorithm>
#include <asio/experimental/awaitable_operators.hpp>
#include <ctime>

#include "proxy/net/listener.h"
#include "proxy/serve/http2.h"
#include "proxy/serve/origin.h"
#include "proxy/serve/requests.h"
#include "proxy/serve/watchdog.h"
#include "proxy/tls/sniff.h"
#include "proxy/tls/trust.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;

// "" or why this name must not be asked for on a connection to `host`.
std::string name_problem(const tls::ClientHello& hello, const std::string& host) {
  if (hello.server_name.empty()) return {};
  const Result<std::string> name = policy::normalise_host(hello.server_name);
  if (name && *name == host) return {};
  return "TLS asks for the name " + quoted(hello.server_name, 80) + " on a connection to " + host;
}

// What the client offers and the proxy can judge. The origin chooses, and both then speak the same: nothing
// is translated. Without ALPN both speak HTTP/1.1.
std::vector<std::string> offered_to_origin(const tls::ClientHello& hello) {
  std::vector<std::string> offered;
  for (const std::string& protocol : hello.alpn)
    if (protocol == "h2" || protocol == "http/1.1") offered.push_back(protocol);
  return offered;
}

// What the client has said first, as far as it decides how to go on.
struct First {
  enum class Kind : uint8_t { Nothing, Http1, Tls, Foreign };
  Kind kind = Kind::Nothing;
  std::string bytes;
  std::string name_problem;
  std::vector<std::string> offered;  // to the origin
  bool has_alpn = false;
};

class Inspection {
 public:
  Inspection(enforce::Context& context, tcp::socket& client, enforce::Connection& connection,
             enforce::Forwarding& forwarding)
      : context_(context),
        client_(client),
        connection_(connection),
        forwarding_(forwarding),
        watchdog_(client.get_executor()) {}

  net::Task<void> run(std::string early) {
    using namespace asio::experimental::awaitable_operators;
    co_await (serve(std::move(early)) || watchdog_.watch());
    forwarding_.finish(bytes_);
  }

  // A request that was read already. True if another one may follow.
  net::Task<bool> run_one(Side& client, http::Request request) {
    using namespace asio::experimental::awaitable_operators;
    bool goes_on = false;
    co_await (serve_one(client, std::move(request), goes_on) || watchdog_.watch());
    forwarding_.finish(bytes_);
    co_return goes_on;
  }

 private:
  net::Task<void> serve_one(Side& client, http::Request request, bool& goes_on) {
    Origin origin(forwarding_, nullptr, connection_.request.host);
    goes_on = co_await serve_request(context_, connection_, client, origin, watchdog_, bytes_,
                                     std::move(request));
    origin.rest();
  }

  net::Task<void> serve(std::string early) {
    First first;
    co_await read_first(std::move(early), first);
    if (first.kind == First::Kind::Tls) co_return co_await serve_tls(std::move(first));
    if (first.kind == First::Kind::Http1) co_return co_await serve_plain(std::move(first.bytes));
    if (first.kind == First::Kind::Foreign) net::reset_connection(client_);
  }

  net::Task<void> read_first(std::string early, First& first) {
    tls::Sniffer sniffer;
    sniffer.feed(early);
    net::PlainStream stream(client_);
    while (sniffer.needs_more()) {
      const asio::mutable_buffer buffer = net::shared_buffer();
      const net::IoResult got = co_await stream.read_some(buffer);
      if (got.code) co_return;
      sniffer.feed({static_cast<const char*>(buffer.data()), got.bytes});
    }
    const tls::Sniffed& found = sniffer.result();
    if (found.protocol == tls::Protocol::Tls && found.malformed.empty()) {
      first.kind = First::Kind::Tls;
      first.name_problem = name_problem(found.hello, connection_.request.host);
      first.offered = offered_to_origin(found.hello);
      first.has_alpn = !found.hello.alpn.empty();
    } else if (found.protocol == tls::Protocol::Http1) {
      first.kind = First::Kind::Http1;
    } else {
      first.kind = First::Kind::Foreign;
      refuse("unsupported_protocol", std::string("the policy judges requests, and what the client speaks (") +
                                         tls::protocol_name(found.protocol) +
                                         (found.malformed.empty() ? "" : ": " + found.malformed) +
                                         ") holds none that can be read");
    }
    first.bytes = sniffer.take_bytes();
  }

  net::Task<void> serve_plain(std::string bytes) {
    Origin origin(forwarding_, nullptr, connection_.request.host);
    net::PlainStream plain(client_, std::move(bytes));
    co_await serve_requests(context_, connection_, plain, origin, watchdog_, bytes_);
  }

  net::Task<void> serve_tls(First first) {
    if (!first.name_problem.empty()) {
      refuse("authority_mismatch", std::move(first.name_problem));
      co_return co_await close_with_alert();
    }
    connection_.is_tls = true;
    const Result<const tls::Upstream*> upstream = context_.trust->upstream();
    Origin origin(forwarding_, upstream ? *upstream : nullptr, connection_.request.host);
    std::string failure;
    std::unique_ptr<tls::Stream> stream = co_await shake(std::move(first), origin, upstream, failure);
    if (stream) co_await serve_protected(*stream, origin, failure);
  }

  // Null if the client cannot be spoken to. `failure`: why there is no origin.
  net::Task<std::unique_ptr<tls::Stream>> shake(First first, Origin& origin,
                                                const Result<const tls::Upstream*>& upstream,
                                                std::string& failure) {
    Result<void> opened = upstream ? Result<void>() : upstream.error();
    if (upstream) opened = co_await origin.open(first.offered);
    if (!opened) failure = "the origin's TLS: " + opened.error().message;
    // If there is no origin, the client still learns why, in a protocol that it speaks.
    std::string chosen = opened ? origin.alpn() : first.offered == std::vector<std::string>{"h2"} ? "h2" : "";
    // An origin without ALPN speaks HTTP/1.1, and so must a client that has it.
    if (chosen.empty() && first.has_alpn) chosen = "http/1.1";
    Result<tls::SslPtr> ssl =
        context_.trust->server().accept(connection_.request.host, chosen, std::time(nullptr));
    if (!ssl) {
      refuse("upstream_tls", ssl.error().message);
      co_await close_with_alert();
      co_return std::unique_ptr<tls::Stream>();
    }
    auto stream = std::make_unique<tls::Stream>(client_, std::move(*ssl), std::move(first.bytes));
    const Result<void> shaken = co_await stream->handshake();
    if (!shaken) {
      // Often a client that does not believe the sandbox's authority: pinned, or with a trust store of its
      // own.
      refuse("unsupported_protocol", "the TLS handshake with the client failed: " + shaken.error().message);
      co_return std::unique_ptr<tls::Stream>();
    }
    co_return stream;
  }

  // `failure`: why there is no origin.
  net::Task<void> serve_protected(tls::Stream& stream, Origin& origin, const std::string& failure) {
    const bool is_http2 = stream.alpn() == "h2";
    if (is_http2 && failure.empty())
      co_await serve_http2(context_, connection_, stream, origin.side().stream, forwarding_.live(), watchdog_,
                           bytes_);
    else if (is_http2)
      co_await answer_failure_http2(context_, connection_, stream, watchdog_, "upstream_tls", failure);
    else if (failure.empty())
      co_await serve_requests(context_, connection_, stream, origin, watchdog_, bytes_);
    else
      co_await answer_failure(context_, connection_, stream, watchdog_, "upstream_tls", failure);
  }

  void refuse(std::string code, std::string reason) {
    http::Request none;
    enforce::Enforcer(context_).refuse_request(connection_, none,
                                               http::Refusal{403, std::move(code), std::move(reason)});
  }

  net::Task<void> close_with_alert() {
    const std::string alert = tls::render_alert(tls::Alert::AccessDenied);
    co_await asio::async_write(client_, asio::buffer(alert), net::kTuple);
    asio::error_code ignored;
    client_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  enforce::Context& context_;
  tcp::socket& client_;
  enforce::Connection& connection_;
  enforce::Forwarding& forwarding_;
  Watchdog watchdog_;
  net::RelayBytes bytes_;
};

// The count of connections was raised by who started it.
net::Task<void> go_on(enforce::Context& context, tcp::socket client, std::string early,
                      enforce::Connection connection, enforce::Forwarding forwarding) {
  {
    Inspection inspection(context, client, connection, forwarding);
    co_await inspection.run(std::move(early));
  }
  --context.counters.connections;
}

}  // namespace

net::Task<void> inspect(enforce::Context& context, tcp::socket& client, std::string early,
                        enforce::Connection connection, enforce::Forwarding& forwarding) {
  ++context.counters.connections;
  net::start(client.get_executor(), go_on(context, std::move(client), std::move(early), std::move(connection),
                                          std::move(forwarding)));
  co_return;
}

net::Task<bool> inspect_one(enforce::Context& context, Side& client, http::Request request,
                            enforce::Connection connection, enforce::Forwarding& forwarding) {
  Inspection inspection(context, client.stream.socket(), connection, forwarding);
  co_return co_await inspection.run_one(client, std::move(request));
}

}  // namespace nemoclaw::serve
