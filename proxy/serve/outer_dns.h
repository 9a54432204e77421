// The name servers behind Docker's embedded resolver (proxy/dns/docker_dns.h), as the host's files name them.
#pragma once

#include <string>
#include <vector>

namespace nemoclaw::serve {

struct HostFiles {
  std::string docker_daemon = "/etc/docker/daemon.json";
  std::string resolv_conf = "/etc/resolv.conf";
  // What systemd-resolved asks itself, where resolv.conf names only its loopback address.
  std::string resolved_conf = "/run/systemd/resolve/resolv.conf";
};

// In Docker's own order: --dns of the container, whose configuration lies beside its resolv.conf; "dns" of
// the daemon; the host's servers. Files that are not there say nothing.
std::vector<std::string> outer_nameservers(const std::string& container_resolv_conf,
                                           const HostFiles& files = {});

}  // namespace nemoclaw::serve
