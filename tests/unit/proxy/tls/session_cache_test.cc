// Sessions with origins: taken up where they belong, once, and not for long.
#include "proxy/tls/session_cache.h"

#include <gtest/gtest.h>

#include "proxy/tls/authority.h"
#include "proxy/tls/stream.h"
#include "proxy/tls/upstream.h"

namespace nemoclaw::tls {
namespace {

struct Wire {
  explicit Wire(asio::io_context& loop) : left(loop), right(loop) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    left.assign(net::tcp::v4(), ends[0]);
    right.assign(net::tcp::v4(), ends[1]);
  }
  net::tcp::socket left, right;
};

// An origin that offers sessions, as most do.
class Origin {
 public:
  Origin(const Authority& authority, const char* host, bool asks_for_certificate = false)
      : leaf_(*authority.issue(host, time(nullptr))), context_(SSL_CTX_new(TLS_server_method())) {
    EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), leaf_.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), authority.leaf_key()), 1);
    static const unsigned char kContext[] = "test";
    SSL_CTX_set_session_id_context(context_.get(), kContext, sizeof kContext);
    if (asks_for_certificate) SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  }
  SslPtr accept() {
    SslPtr ssl(SSL_new(context_.get()));
    SSL_set_accept_state(ssl.get());
    return ssl;
  }

 private:
  CertificatePtr leaf_;
  SslContextPtr context_;
};

net::Task<void> serve(Stream& stream) {
  const Result<void> shaken = co_await stream.handshake();
  if (shaken) co_await stream.write_all(asio::buffer("hello", 5));
  co_await stream.shutdown_send();
}

net::Task<void> ask(Stream& stream, bool& works) {
  const Result<void> shaken = co_await stream.handshake();
  works = shaken.has_value();
  char buffer[64];
  for (;;) {
    const net::IoResult got = co_await stream.read_some(asio::buffer(buffer));
    if (got.code) co_return;
  }
}

// Whether the connection took up an earlier session.
bool reuses(const Upstream& upstream, Origin& origin, const std::string& host,
            const std::vector<std::string>& protocols) {
  asio::io_context loop;
  Wire wire(loop);
  Stream left(wire.left, *upstream.connect(host, protocols)), right(wire.right, origin.accept());
  bool works = false;
  net::start(loop.get_executor(), ask(left, works));
  net::start(loop.get_executor(), serve(right));
  loop.run_for(std::chrono::seconds(20));
  EXPECT_TRUE(works) << host;
  return SSL_session_reused(left.ssl()) == 1;
}

TEST(Sessions, AreTakenUpWithTheSameHostAndProtocolsOnly) {
  const Authority authority = *Authority::create("box", time(nullptr));
  const Upstream upstream = *Upstream::create(authority.certificate_pem());
  Origin api(authority, "api.example.com"), www(authority, "www.example.com");
  EXPECT_FALSE(reuses(upstream, api, "api.example.com", {"http/1.1"}));
  EXPECT_TRUE(reuses(upstream, api, "api.example.com", {"http/1.1"}));
  EXPECT_TRUE(reuses(upstream, api, "api.example.com", {"http/1.1"}));
  EXPECT_FALSE(reuses(upstream, api, "api.example.com", {"h2", "http/1.1"}));
  EXPECT_FALSE(reuses(upstream, www, "www.example.com", {"http/1.1"}));
}

// Such a connection is refused, and must not come in by the back door.
TEST(Sessions, AreNotKeptOfOriginsThatAskForACertificate) {
  const Authority authority = *Authority::create("box", time(nullptr));
  const Upstream upstream = *Upstream::create(authority.certificate_pem());
  Origin api(authority, "api.example.com", true);
  EXPECT_FALSE(reuses(upstream, api, "api.example.com", {}));
  EXPECT_FALSE(reuses(upstream, api, "api.example.com", {}));
}

SessionPtr session_of(int64_t time_s) {
  SessionPtr session(SSL_SESSION_new());
  static const unsigned char kId[] = {1, 2, 3, 4};
  SSL_SESSION_set1_id(session.get(), kId, sizeof kId);
  SSL_SESSION_set_time(session.get(), static_cast<long>(time_s));
  return session;
}

TEST(SessionCache, GivesEachOutOnceTheNewestFirst) {
  SessionCache cache;
  cache.store("a", session_of(1000));
  cache.store("a", session_of(1001));
  EXPECT_EQ(cache.take("b", 1002), nullptr);
  EXPECT_EQ(SSL_SESSION_get_time(cache.take("a", 1002).get()), 1001);
  EXPECT_EQ(SSL_SESSION_get_time(cache.take("a", 1002).get()), 1000);
  EXPECT_EQ(cache.take("a", 1002), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(SessionCache, ForgetsOldOnesAndStaysSmall) {
  SessionCache cache;
  cache.store("a", session_of(1000));
  cache.store("a", session_of(1001));
  EXPECT_EQ(cache.take("a", 1001 + SessionCache::kLifeSeconds), nullptr);
  EXPECT_EQ(cache.size(), 0U);
  cache.store("a", session_of(1000));
  EXPECT_EQ(cache.take("a", 999), nullptr);  // the clock was set back
  for (int at = 0; at < 20; ++at) cache.store("a", session_of(1000));
  EXPECT_EQ(cache.size(), SessionCache::kPerOriginMax);
  for (int at = 0; at < 600; ++at) cache.store("host" + std::to_string(at), session_of(1000));
  EXPECT_LE(cache.size(), SessionCache::kSessionsMax);
}

}  // namespace
}  // namespace nemoclaw::tls
