#include "runtime/isolation/sysctl_plan.h"

#include <sys/vfs.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/uapi.h"

namespace nemoclaw::isolation {

namespace {

constexpr std::string_view ipc_names[] = {"kernel.msgmax", "kernel.msgmnb",         "kernel.msgmni",
                                          "kernel.sem",    "kernel.shmall",         "kernel.shmmax",
                                          "kernel.shmmni", "kernel.shm_rmid_forced"};

// Dots separate, and a slash stands for a dot within a component (sysctl(8)):
// net.ipv4.conf.eth0/1.forwarding. If a slash comes first, the roles are swapped:
// net/ipv4/conf/eth0.1/forwarding.
std::string to_file(std::string name) {
  const size_t first = name.find_first_of("./");
  const bool dotted = first != std::string::npos && name[first] == '.';
  if (dotted)
    for (char& c : name) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return name;
}

Result<void> check(const std::string& dotted, const oci::Spec& spec, const std::string& at) {
  const auto has = [&](const char* type) { return spec.linux_.find_namespace(type) != nullptr; };
  const auto outside = [&](const char* type) {
    return make_error(at + ": would change the host; it needs a " + type + " namespace in linux.namespaces");
  };
  if (std::find(std::begin(ipc_names), std::end(ipc_names), dotted) != std::end(ipc_names) ||
      dotted.starts_with("fs.mqueue.")) {
    if (!has("ipc")) return outside("ipc");
    return {};
  }
  if (dotted.starts_with("net.")) {
    if (!has("network")) return outside("network");
    return {};
  }
  if (dotted == "kernel.domainname") {
    if (!has("uts")) return outside("uts");
    return {};
  }
  if (dotted == "kernel.hostname") return make_error(at + ": conflicts with the hostname field; use that");
  return make_error(at + ": is not in a separate kernel namespace");
}

}  // namespace

Result<std::vector<SysctlWrite>> plan_sysctls(const oci::Spec& spec) {
  std::vector<SysctlWrite> writes;
  for (const auto& [name, value] : spec.linux_.sysctl) {
    const std::string at = "linux.sysctl[" + quoted(name) + "]";
    const std::string file = to_file(name);
    if (clean_path("/" + file) != "/" + file || file.find("..") != std::string::npos)
      return make_error(at + ": malformed name");
    std::string dotted = file;
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    TRY(check(dotted, spec, at));
    writes.push_back({name, "sys/" + file, value});
  }
  return writes;
}

Result<void> apply_sysctls(const std::vector<SysctlWrite>& writes, FdRef proc) {
  for (const SysctlWrite& each : writes)
    TRY_CONTEXT(write_file_at(proc, each.file, each.value), "sysctl " + quoted(each.name));
  return {};
}

Result<Fd> open_procfs() {
  Fd proc = TRY(open_file("/proc", O_PATH | O_DIRECTORY));
  struct statfs facts;
  if (fstatfs(proc.raw(), &facts) != 0) return errno_error("statfs /proc");
  if (facts.f_type != PROC_SUPER_MAGIC) return make_error("/proc is not procfs");
  return proc;
}

}  // namespace nemoclaw::isolation
