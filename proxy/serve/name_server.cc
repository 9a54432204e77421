#include "proxy/serve/name_server.h"

#include <netinet/in.h>

#include "proxy/net/listener.h"

namespace nemoclaw::serve {

namespace {

using net::tcp;
constexpr size_t kQueryBytesMax = 4096;
constexpr size_t kTcpAnswerMax = 65535;
constexpr auto kTcpIdle = std::chrono::seconds(10);

peer::SocketTuple tuple_of(const std::string& proto, const tcp::endpoint& client,
                           const tcp::endpoint& server) {
  peer::SocketTuple tuple = enforce::client_tuple(client, server);
  tuple.protocol = proto == "udp" ? IPPROTO_UDP : IPPROTO_TCP;
  return tuple;
}

}  // namespace

// Of UDP the original destination is not known any more. A socket that is not connected is found by any; a
// connected one by the server that the C library took from resolv.conf.
std::vector<tcp::endpoint> NameServer::possible_servers(const asio::ip::address& client) const {
  std::vector<tcp::endpoint> servers;
  for (const asio::ip::address& server : context_.name_servers)
    if (server.is_v4() == client.is_v4()) servers.emplace_back(server, 53);
  if (servers.empty() && client.is_v4()) servers.emplace_back(asio::ip::make_address_v4(0x7f00000b), 53);
  if (servers.empty()) servers.emplace_back(asio::ip::address_v6(), 53);
  return servers;
}

net::Task<std::string> NameServer::answer(std::string message, std::string proto, tcp::endpoint client,
                                          std::vector<tcp::endpoint> destinations) {
  auto parsed = dns::parse_query(message);
  if (const auto* bad = std::get_if<dns::BadQuery>(&parsed))
    co_return bad->id ? dns::render_bad(*bad) : std::string();
  dns::Query query = std::get<dns::Query>(std::move(parsed));
  std::vector<std::shared_ptr<enforce::Container>> asking = context_.containers;
  std::vector<peer::SocketTuple> tuples;
  for (const tcp::endpoint& server : destinations) tuples.push_back(tuple_of(proto, client, server));
  if (asking.size() > 1) {
    const enforce::IdentifiedCaller who = co_await identify_any(context_, tuples);
    if (who.caller.identity_error.empty()) asking = {who.container};
  }
  const enforce::NameAnswer answered = co_await enforce::answer_name(context_, query, asking);
  if (answered.verdict.is_audited) {
    audit::Event event = enforce::event_of(answered.verdict, query.type);
    event.proto = proto;
    refusals_.report(co_await asio::this_coro::executor, std::move(event), std::move(tuples));
  }
  const size_t bytes_max = proto == "udp" ? query.udp_bytes : kTcpAnswerMax;
  co_return dns::render_answer(query, answered.answer, bytes_max);
}

net::Task<void> NameServer::answer_datagram(std::shared_ptr<Udp::socket> socket, std::string message,
                                            Udp::endpoint client) {
  ++pending_;
  const tcp::endpoint end(client.address(), client.port());
  std::vector<tcp::endpoint> servers = possible_servers(client.address());
  const std::string answered = co_await answer(std::move(message), "udp", end, std::move(servers));
  if (!answered.empty()) co_await socket->async_send_to(asio::buffer(answered), client, net::kTuple);
  --pending_;
}

net::Task<void> NameServer::serve_udp(std::shared_ptr<Udp::socket> socket) {
  const auto executor = co_await asio::this_coro::executor;
  std::string buffer;
  while (socket->is_open()) {
    buffer.resize(kQueryBytesMax);
    Udp::endpoint client;
    const auto [code, got] = co_await socket->async_receive_from(asio::buffer(buffer), client, net::kTuple);
    if (code == asio::error::operation_aborted || code == asio::error::bad_descriptor) co_return;
    if (code) continue;  // an ICMP error about an earlier answer
    // Beyond the limit the client's own repetition is the queue.
    if (pending_ < kPendingMax) net::start(executor, answer_datagram(socket, buffer.substr(0, got), client));
  }
}

net::Task<void> NameServer::serve_tcp(tcp::socket client) {
  asio::error_code code;
  const tcp::endpoint remote = client.remote_endpoint(code);
  if (code || tcp_ >= kTcpMax) co_return;
  const tcp::endpoint local = client.local_endpoint(code);
  if (code) co_return;
  const std::optional<tcp::endpoint> original =
      net::original_destination(FdRef(client.native_handle()), local);
  ++tcp_;
  for (;;) {
    const net::Deadline deadline(client, kTcpIdle);
    unsigned char length[2];
    const auto [length_code, length_got] =
        co_await asio::async_read(client, asio::buffer(length), net::kTuple);
    if (length_code) break;
    std::string message(size_t{length[0]} << 8 | length[1], '\0');
    const auto [read_code, got] = co_await asio::async_read(client, asio::buffer(message), net::kTuple);
    if (read_code || message.size() > kQueryBytesMax) break;
    std::vector<tcp::endpoint> server = {original.value_or(local)};
    std::string answered = co_await answer(std::move(message), "tcp", remote, std::move(server));
    if (answered.empty()) break;
    const char prefix[2] = {static_cast<char>(answered.size() >> 8),
                            static_cast<char>(answered.size() & 0xff)};
    answered.insert(0, prefix, 2);
    const auto [write_code, written] =
        co_await asio::async_write(client, asio::buffer(answered), net::kTuple);
    if (write_code) break;
  }
  --tcp_;
}

}  // namespace nemoclaw::serve
