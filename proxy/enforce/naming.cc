#include "proxy/enforce/naming.h"

#include "policy/model/host.h"

namespace nemoclaw::enforce {

namespace {

Naming refuse(std::string reason, int status = 400, std::string code = "invalid_request") {
  Naming naming;
  naming.refusal = http::Refusal{status, std::move(code), std::move(reason)};
  return naming;
}

}  // namespace

Naming name_destination(const asio::ip::address& address, uint16_t port,
                        const std::vector<std::string>& names, const tls::Sniffed& sniffed) {
  if (!sniffed.malformed.empty())
    return refuse(std::string(tls::protocol_name(sniffed.protocol)) + ": " + sniffed.malformed);
  Naming naming;
  std::string claim = sniffed.name;
  if (claim.empty()) {
    naming.host = names.empty() ? address.to_string() : names.front();
    return naming;
  }
  if (sniffed.protocol == tls::Protocol::Http1) {
    Result<http::Authority> authority = http::parse_authority(claim, port);
    if (!authority) return refuse("Host: " + authority.error().message);
    if (authority->port != port)
      return refuse("Host names port " + std::to_string(authority->port) + ", the connection is to port " +
                        std::to_string(port),
                    421, "authority_mismatch");
    claim = std::move(authority->host);
  }
  Result<std::string> host = policy::normalise_host(claim);
  if (!host) return refuse("the name that the connection asks for: " + host.error().message);
  naming.host = std::move(*host);
  return naming;
}

}  // namespace nemoclaw::enforce
