// The sandbox's name server: what the fence redirects from port 53, over UDP and TCP.
#pragma once

#include "proxy/enforce/answer_names.h"
#include "proxy/net/async.h"
#include "proxy/serve/bypass.h"
#include "runtime/base/fd.h"

namespace nemoclaw::serve {

class NameServer {
 public:
  NameServer(enforce::Context& context, BypassAudit& refusals) : context_(context), refusals_(refusals) {}

  // Until the socket is closed.
  net::Task<void> serve_udp(std::shared_ptr<asio::ip::udp::socket> socket);
  net::Task<void> serve_tcp(net::tcp::socket client);

 private:
  using Udp = asio::ip::udp;
  // `proto`: "udp" or "tcp"; `destinations`: where the client may have sent its question.
  net::Task<std::string> answer(std::string message, std::string proto, net::tcp::endpoint client,
                                std::vector<net::tcp::endpoint> destinations);
  net::Task<void> answer_datagram(std::shared_ptr<Udp::socket> socket, std::string message,
                                  Udp::endpoint client);
  std::vector<net::tcp::endpoint> possible_servers(const asio::ip::address& client) const;

  static constexpr unsigned kPendingMax = 256, kTcpMax = 64;
  enforce::Context& context_;
  BypassAudit& refusals_;
  unsigned pending_ = 0, tcp_ = 0;
};

}  // namespace nemoclaw::serve
