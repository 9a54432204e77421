// Docker's embedded resolver. On a user-defined network the container's resolv.conf names only 127.0.0.11,
// where dockerd answers for container names itself and forwards all other names from inside the container's
// network namespace. There the fence refuses its packets, as it must: nothing tells them from the sandbox's
// own. So the proxy asks the servers behind it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/dns/resolv_conf.h"

namespace nemoclaw::dns {

bool names_docker_resolver(const ResolvConf& configuration);

// On loopback only Docker's resolver is not the sandbox's own, which would choose the addresses that names
// have.
void drop_local_servers(ResolvConf& configuration);

// The comment that newer versions of Docker leave: "# ExtServers: [host(127.0.0.53) 10.0.0.2]". Servers that
// only the host can reach are left out.
std::vector<std::string> parse_external_servers(std::string_view resolv_conf);

// An array of addresses in Docker's JSON: "Dns" of a container's hostconfig.json, "dns" of daemon.json.
// Anything else is an empty list.
std::vector<std::string> parse_docker_servers(std::string_view text, std::string_view member);

// Without loopback and unspecified addresses, which mean another machine inside the container, and at most
// three.
std::vector<std::string> reachable_servers(const std::vector<std::string>& servers);

}  // namespace nemoclaw::dns
