#include "proxy/dns/docker_dns.h"

#include <algorithm>
#include <asio/ip/address.hpp>

#include "runtime/base/json.h"

namespace nemoclaw::dns {

namespace {

constexpr const char* kDockerResolver = "127.0.0.11";
constexpr std::string_view kComment = "# ExtServers: [";
constexpr size_t kServersMax = 3;

}  // namespace

bool names_docker_resolver(const ResolvConf& configuration) {
  const std::vector<std::string>& servers = configuration.nameservers;
  return std::find(servers.begin(), servers.end(), kDockerResolver) != servers.end();
}

void drop_local_servers(ResolvConf& configuration) {
  const std::vector<std::string> reachable = reachable_servers(configuration.nameservers);
  std::erase_if(configuration.nameservers, [&](const std::string& server) {
    return server != kDockerResolver &&
           std::find(reachable.begin(), reachable.end(), server) == reachable.end();
  });
}

std::vector<std::string> parse_external_servers(std::string_view resolv_conf) {
  const size_t at = resolv_conf.rfind(kComment);
  if (at == std::string_view::npos || (at > 0 && resolv_conf[at - 1] != '\n')) return {};
  std::string_view list = resolv_conf.substr(at + kComment.size());
  list = list.substr(0, list.find_first_of("]\n"));
  std::vector<std::string> servers;
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    servers.emplace_back(list.substr(0, end));  // "host(...)" is no address and goes below
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return reachable_servers(servers);
}

std::vector<std::string> parse_docker_servers(std::string_view text, std::string_view member) {
  std::vector<std::string> servers;
  const Result<json::Value> root = json::parse(text);
  if (!root) return servers;
  const json::Value* list = root->find(member);
  if (!list) return servers;
  for (const json::Value& each : list->array)
    if (each.is_string()) servers.push_back(each.string);
  return reachable_servers(servers);
}

std::vector<std::string> reachable_servers(const std::vector<std::string>& servers) {
  std::vector<std::string> reachable;
  for (const std::string& server : servers) {
    asio::error_code code;
    const asio::ip::address address = asio::ip::make_address(server, code);
    if (code || address.is_loopback() || address.is_unspecified() || reachable.size() == kServersMax)
      continue;
    reachable.push_back(server);
  }
  return reachable;
}

}  // namespace nemoclaw::dns
