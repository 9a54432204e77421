// Both ends of TLS against each other over a socket pair, and what either end refuses.
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <asio/local/connect_pair.hpp>
#include <optional>

#include "proxy/tls/server.h"
#include "proxy/tls/stream.h"
#include "proxy/tls/upstream.h"

namespace nemoclaw::tls {
namespace {

constexpr int64_t kNow = 1'790'000'000;

// Sockets of type tcp over a local pair: the streams only read, write and wait.
struct Wire {
  explicit Wire(asio::io_context& loop) : left(loop), right(loop) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    left.assign(net::tcp::v4(), ends[0]);
    right.assign(net::tcp::v4(), ends[1]);
  }
  net::tcp::socket left, right;
};

struct Outcome {
  std::optional<Result<void>> client, server;
  std::string client_alpn, server_alpn, received;
  asio::error_code end;
};

net::Task<void> run_server(Stream& stream, Outcome& outcome, bool clean_end) {
  outcome.server = co_await stream.handshake();
  if (!*outcome.server) {
    stream.socket().close();
    co_return;
  }
  outcome.server_alpn = stream.alpn();
  co_await stream.write_all(asio::buffer(std::string(100'000, 'x')));
  if (clean_end)
    co_await stream.shutdown_send();
  else
    stream.socket().close();
}

net::Task<void> run_client(Stream& stream, Outcome& outcome) {
  outcome.client = co_await stream.handshake();
  if (!*outcome.client) {
    stream.socket().close();
    co_return;
  }
  outcome.client_alpn = stream.alpn();
  std::string buffer(8192, '\0');
  for (;;) {
    const net::IoResult got = co_await stream.read_some(asio::buffer(buffer));
    if (got.code) {
      outcome.end = got.code;
      co_return;
    }
    outcome.received.append(buffer, 0, got.bytes);
  }
}

struct Case {
  std::string leaf_host = "api.example.com", wanted_host = "api.example.com";
  std::string server_protocol = "http/1.1";
  std::vector<std::string> client_protocols = {"http/1.1"};
  bool clean_end = true, trusted = true;
};

Outcome connect(const Case& with) {
  const int64_t now = time(nullptr);
  Authority authority = *Authority::create("box", now);
  Authority other = *Authority::create("other", now);
  const Upstream upstream =
      *Upstream::create(with.trusted ? authority.certificate_pem() : other.certificate_pem());
  Server server = *Server::create(std::move(authority));
  asio::io_context loop;
  Wire wire(loop);
  Stream left(wire.left, *upstream.connect(with.wanted_host, with.client_protocols));
  Stream right(wire.right, *server.accept(with.leaf_host, with.server_protocol, now));
  Outcome outcome;
  net::start(loop.get_executor(), run_client(left, outcome));
  net::start(loop.get_executor(), run_server(right, outcome, with.clean_end));
  loop.run_for(std::chrono::seconds(20));
  return outcome;
}

TEST(Handshake, CarriesBytesAndACleanEnd) {
  const Outcome outcome = connect({});
  ASSERT_TRUE(outcome.client && *outcome.client) << outcome.client->error().message;
  ASSERT_TRUE(outcome.server && *outcome.server) << outcome.server->error().message;
  EXPECT_EQ(outcome.received.size(), 100'000U);
  EXPECT_EQ(outcome.end, asio::error::eof);
  EXPECT_EQ(outcome.client_alpn, "http/1.1");
  EXPECT_EQ(outcome.server_alpn, "http/1.1");
}

// A stream that somebody cuts must not look complete (attack C19).
TEST(Handshake, CutStreamIsNotAnEnd) {
  Case cut;
  cut.clean_end = false;
  const Outcome outcome = connect(cut);
  ASSERT_TRUE(outcome.client && *outcome.client);
  EXPECT_TRUE(outcome.end);
  EXPECT_NE(outcome.end, asio::error::eof);
}

TEST(Handshake, NamesAndRootsMustFit) {
  struct {
    const char *leaf, *wanted;
    bool trusted, works;
    const char* reason;
  } cases[] = {
      {"api.example.com", "api.example.com", true, true, ""},
      {"api.example.com", "api.example.com", false, false, "certificate"},
      {"api.example.com", "www.example.com", true, false, "certificate: hostname mismatch"},
      {"10.1.2.3", "10.1.2.3", true, true, ""},
      {"2001:db8::1", "2001:db8::1", true, true, ""},
      {"10.1.2.3", "10.1.2.4", true, false, "certificate: IP address mismatch"},
  };
  for (const auto& each : cases) {
    Case with;
    with.leaf_host = each.leaf;
    with.wanted_host = each.wanted;
    with.trusted = each.trusted;
    const Outcome outcome = connect(with);
    ASSERT_TRUE(outcome.client.has_value()) << each.wanted;
    EXPECT_EQ(static_cast<bool>(*outcome.client), each.works) << each.wanted;
    if (each.works) continue;
    EXPECT_NE(outcome.client->error().message.find(each.reason), std::string::npos)
        << outcome.client->error().message;
  }
}

TEST(Handshake, OffersOneProtocolOrNone) {
  Case none;
  none.server_protocol = "";
  EXPECT_EQ(connect(none).client_alpn, "");
  Case silent;
  silent.client_protocols = {};
  EXPECT_EQ(connect(silent).client_alpn, "");
  EXPECT_EQ(connect(silent).received.size(), 100'000U);
  Case foreign;
  foreign.client_protocols = {"h3", "acme-tls/1"};
  const Outcome outcome = connect(foreign);
  ASSERT_TRUE(outcome.client && outcome.server);
  EXPECT_FALSE(*outcome.client);
  EXPECT_FALSE(*outcome.server);
  Case both;
  both.client_protocols = {"h2", "http/1.1"};
  EXPECT_EQ(connect(both).client_alpn, "http/1.1");
}

TEST(Authority, IssuesForPlainNamesOnly) {
  const Authority authority = *Authority::create("box", kNow);
  for (const char* good : {"example.com", "xn--bcher-kva.example", "a_b.example.com", "127.0.0.1", "::1"})
    EXPECT_TRUE(authority.issue(good, kNow)) << good;
  for (const std::string& bad : {std::string("*.example.com"), std::string("a,DNS:evil.example"),
                                 std::string(""), std::string("A.example"), std::string("a\0b", 3),
                                 std::string("a."), std::string(".a"), std::string("a b"),
                                 std::string("b\xc3\xbc"
                                             "cher"),
                                 std::string(300, 'a')})
    EXPECT_FALSE(authority.issue(bad, kNow)) << bad;
}

TEST(Authority, LeafNamesExactlyTheHost) {
  const Authority authority = *Authority::create("box", kNow);
  const CertificatePtr leaf = *authority.issue("api.example.com", kNow);
  EXPECT_EQ(X509_check_host(leaf.get(), "api.example.com", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "x.api.example.com", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_host(leaf.get(), "example.com", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_get_extension_flags(leaf.get()) & EXFLAG_CA, 0U);
  EXPECT_EQ(X509_get_extension_flags(authority.certificate()) & EXFLAG_CA, EXFLAG_CA);
}

TEST(Authority, SurvivesItsWorker) {
  const Authority first = *Authority::create("box", kNow);
  const std::string secret = *first.export_secret();
  const Authority second = *Authority::import(secret);
  EXPECT_EQ(first.certificate_pem(), second.certificate_pem());
  const CertificatePtr leaf = *second.issue("example.com", kNow);
  EXPECT_EQ(X509_verify(leaf.get(), X509_get0_pubkey(first.certificate())), 1);
  EXPECT_FALSE(Authority::import(secret.substr(0, 300)));
  EXPECT_FALSE(Authority::import(""));
}

TEST(LeafCache, KeepsTheRecentAndRenewsTheOld) {
  LeafCache cache(*Authority::create("box", kNow), 2);
  X509* first = *cache.find_or_issue("a.example", kNow);
  EXPECT_EQ(*cache.find_or_issue("a.example", kNow + 60), first);
  ASSERT_TRUE(cache.find_or_issue("b.example", kNow));
  ASSERT_TRUE(cache.find_or_issue("a.example", kNow));
  ASSERT_TRUE(cache.find_or_issue("c.example", kNow));
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(*cache.find_or_issue("a.example", kNow), first);  // b went
  const int64_t late = kNow + kLeafLifeSeconds - 3600;
  X509* renewed = *cache.find_or_issue("a.example", late);
  EXPECT_EQ(X509_cmp_time(X509_get0_notAfter(renewed), nullptr) != 0, true);
  time_t end = late + 2 * 86400;
  EXPECT_GT(X509_cmp_time(X509_get0_notAfter(renewed), &end), 0);
}

TEST(Upstream, NeedsRoots) {
  EXPECT_FALSE(Upstream::create(""));
  EXPECT_FALSE(Upstream::create("no certificate here"));
  EXPECT_FALSE(Upstream::create("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace nemoclaw::tls
