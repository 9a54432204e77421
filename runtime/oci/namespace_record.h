// namespaces.json in the directory of a sandbox or of a container that joined one: the namespaces in which
// the container was created, before its image's first instruction. What its processes enter later are others.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::oci {

struct NamespaceRecord {
  uint64_t mount = 0, user = 0;  // inodes of nsfs; 0: unknown
};

// Those in which the process is now.
Result<NamespaceRecord> namespaces_of_process(pid_t pid);

std::string encode_namespace_record(const NamespaceRecord& record);
Result<NamespaceRecord> decode_namespace_record(std::string_view text);

Result<void> write_namespace_record(const std::string& directory, const NamespaceRecord& record);
// All unknown if there is no namespaces.json: an older version made the sandbox.
Result<NamespaceRecord> read_namespace_record(const std::string& directory);

}  // namespace nemoclaw::oci
