#include "proxy/serve/outer_dns.h"

#include "proxy/dns/docker_dns.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::serve {

namespace {

std::string text_of(const std::string& file) { return read_file(file, 1 << 20).value_or(""); }

}  // namespace

std::vector<std::string> outer_nameservers(const std::string& container_resolv_conf, const HostFiles& files) {
  std::vector<std::string> servers;
  if (!container_resolv_conf.empty()) {
    const std::string folder(directory_name(container_resolv_conf));
    servers = dns::parse_docker_servers(text_of(folder + "/hostconfig.json"), "Dns");
  }
  if (servers.empty()) servers = dns::parse_docker_servers(text_of(files.docker_daemon), "dns");
  for (const std::string& file : {files.resolv_conf, files.resolved_conf})
    if (servers.empty()) servers = dns::reachable_servers(dns::parse_resolv_conf(text_of(file)).nameservers);
  return servers;
}

}  // namespace nemoclaw::serve
