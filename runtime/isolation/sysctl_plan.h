// sysctl (config-linux.md): only what a namespace of the container's own confines.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

struct SysctlWrite {
  std::string name;  // as in the spec
  std::string file;  // relative to /proc: "sys/net/ipv4/ip_forward"
  std::string value;
};

// Pure. A name that no namespace of the container holds would change the host: an error.
Result<std::vector<SysctlWrite>> plan_sysctls(const oci::Spec& spec);

// Through `proc`, a descriptor of the host's procfs that was verified when it was opened: nothing that the
// image mounts on /proc can catch these writes. The calling process's namespaces decide what is changed.
Result<void> apply_sysctls(const std::vector<SysctlWrite>& writes, FdRef proc);

// /proc, checked to be procfs itself.
Result<Fd> open_procfs();

}  // namespace nemoclaw::isolation
