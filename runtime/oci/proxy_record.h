// proxy.json in the sandbox directory: the proxy that serves this sandbox, and the namespace that it serves.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::oci {

struct ProxyRecord {
  pid_t pid = 0;
  uint64_t start_time = 0;           // with the pid it names the process for good
  std::vector<std::string> cgroups;  // absolute directories made for the proxy
  std::string net_namespace;         // namespace_identity()
  std::string fence;                 // "proven"
  uint32_t connects = 0;             // id of the BPF map that notes who connects; 0: there is none
};

std::string encode_proxy_record(const ProxyRecord& record);
Result<ProxyRecord> decode_proxy_record(std::string_view text);

// nullopt: there is no proxy.json.
Result<std::optional<ProxyRecord>> read_proxy_record(const std::string& sandbox_directory);
Result<void> write_proxy_record(const std::string& sandbox_directory, const ProxyRecord& record);

// The sandbox below `run_directory` whose live proxy serves this namespace, or "".
std::string find_live_sandbox(const std::string& run_directory, const std::string& net_namespace);
// "device:inode" of a namespace file, as in net_namespace.
Result<std::string> namespace_identity(const std::string& path);

}  // namespace nemoclaw::oci
