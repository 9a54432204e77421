#include "proxy/net/tunnel_request.h"

#include <gtest/gtest.h>

#include "proxy/net/tunnel_answer.h"

namespace nemoclaw::net {
namespace {

TEST(TunnelRequest, NamesHostPortAndCredentials) {
  EXPECT_EQ(render_tunnel_request("192.0.2.1", 443, ""),
            "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n");
  EXPECT_EQ(render_tunnel_request("2001:db8::1", 80, "Basic eA=="),
            "CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nProxy-Authorization: Basic eA==\r\n\r\n");
}

TEST(TunnelRequest, AnswersAreAgreementsOrErrors) {
  const std::string fine = "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n";
  const Result<std::optional<size_t>> whole = parse_tunnel_answer(fine + "SSH-2.0-x");
  ASSERT_TRUE(whole && *whole);
  EXPECT_EQ(**whole, fine.size());
  for (size_t length = 0; length < fine.size(); ++length) {
    const Result<std::optional<size_t>> part = parse_tunnel_answer(fine.substr(0, length));
    ASSERT_TRUE(part) << length;
    EXPECT_FALSE(*part) << length;
  }
  EXPECT_TRUE(parse_tunnel_answer("HTTP/1.1 204\r\n\r\n"));
  for (const auto& [answer, reason] :
       {std::pair{"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "credentials"},
        {"HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden"},
        {"HTTP/1.1 100 Continue\r\n\r\n", "refused"},
        {"HTTP/1.1 20x Fine\r\n\r\n", "cannot be read"},
        {"HTTP/1.1 2000\r\n\r\n", "cannot be read"},
        {"HTTP/1.1\r\n\r\n", "cannot be read"},
        {"SSH-2.0-OpenSSH\r\n", "no proxy"},
        {"\x15\x03\x01", "no proxy"}}) {
    const Result<std::optional<size_t>> parsed = parse_tunnel_answer(answer);
    ASSERT_FALSE(parsed) << answer;
    EXPECT_NE(parsed.error().message.find(reason), std::string::npos) << parsed.error().message;
  }
  EXPECT_FALSE(parse_tunnel_answer("HTTP/1.1 200 " + std::string(20'000, 'x')));
}

// Whoever is behind the tunnel may speak first, in the same packet as the proxy's answer.
TEST(TunnelRequest, TakesNothingThatBelongsToTheOrigin) {
  for (const size_t cut : {size_t{3}, size_t{30}, size_t{38}, size_t{39}, size_t{45}}) {
    asio::io_context loop(1);
    tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(loop), server(loop);
    client.connect(acceptor.local_endpoint());
    acceptor.accept(server);
    const std::string all = "HTTP/1.1 200 Connection established\r\n\r\n220 mail\r\n";
    asio::write(server, asio::buffer(all.substr(0, cut)));
    Result<void> agreed = make_error("nothing happened");
    start(loop.get_executor(), [](tcp::socket& socket, Result<void>& out) -> Task<void> {
      out = co_await ask_for_tunnel(socket, "CONNECT", std::chrono::seconds(5));
    }(client, agreed));
    loop.poll();
    asio::write(server, asio::buffer(all.substr(cut)));
    loop.run();
    ASSERT_TRUE(agreed) << cut << ": " << agreed.error().message;
    std::string rest(10, '\0');
    asio::read(client, asio::buffer(rest));
    EXPECT_EQ(rest, "220 mail\r\n") << cut;
  }
}

TEST(TunnelRequest, SilenceAndEndsAreErrors) {
  for (const bool ends : {false, true}) {
    asio::io_context loop(1);
    tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(loop), server(loop);
    client.connect(acceptor.local_endpoint());
    acceptor.accept(server);
    if (ends) server.shutdown(tcp::socket::shutdown_send);
    Result<void> agreed = Result<void>();
    start(loop.get_executor(), [](tcp::socket& socket, Result<void>& out) -> Task<void> {
      out = co_await ask_for_tunnel(socket, "CONNECT", std::chrono::milliseconds(50));
    }(client, agreed));
    loop.run();
    ASSERT_FALSE(agreed);
    EXPECT_NE(agreed.error().message.find(ends ? "without an answer" : "no answer within"), std::string::npos)
        << agreed.error().message;
  }
}

}  // namespace
}  // namespace nemoclaw::net
