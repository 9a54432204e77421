// resolv.conf(5) and hosts(5) as the container would read them, narrowed: search domains are known, never
// used (a name means itself), at most three servers, bounded options. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::dns {

struct ResolvConf {
  std::vector<std::string> nameservers;  // address literals
  std::vector<std::string> search;       // lower case; what the container's own C library appends to names
  unsigned timeout_s = 3;                // 1..10
  unsigned attempts = 2;                 // 1..4
};
ResolvConf parse_resolv_conf(std::string_view text);

// Lower-case name -> address literals, in the order of the file.
using Hosts = std::map<std::string, std::vector<std::string>, std::less<>>;
Hosts parse_hosts(std::string_view text);

}  // namespace nemoclaw::dns
