#include <linux/bpf.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ctl/doctor.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

constexpr const char* kRoot = "/sys/fs/cgroup";

Check fine(std::string name, std::string detail) {
  return {"kernel", std::move(name), Finding::Fine, std::move(detail), ""};
}

Check landlock() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi >= 6) return fine("landlock", format("ABI %ld", abi));
  if (abi > 0)
    return {"kernel", "landlock", Finding::Degraded, format("ABI %ld", abi),
            "a newer kernel adds: " + std::string(abi < 3 ? "truncation, " : "") +
                (abi < 4 ? "TCP rules, " : "") + (abi < 5 ? "ioctl on devices, " : "") +
                "signal and abstract socket scoping"};
  return {"kernel", "landlock", Finding::Degraded, strerror(errno),
          "boot with lsm=landlock,...; until then filesystem policies rest on mounts and ids alone, and "
          "hard_requirement fails"};
}

Check seccomp() {
  uint32_t action = SECCOMP_RET_ERRNO;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return fine("seccomp", "filters");
  return {"kernel", "seccomp", Finding::Missing, strerror(errno), "use a kernel with CONFIG_SECCOMP_FILTER"};
}

Check path_resolution() {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const Fd fd(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how)));
  if (fd.valid()) return fine("openat2", "RESOLVE_IN_ROOT");
  return {"kernel", "openat2", Finding::Missing, strerror(errno), "use Linux 5.6 or newer"};
}

Check mount_interface() {
  // Without arguments both fail; ENOSYS means that the kernel does not have them.
  syscall(SYS_mount_setattr, -1, nullptr, 0, nullptr, 0);
  const bool attributes = errno != ENOSYS;
  syscall(SYS_fsopen, nullptr, 0);
  const bool descriptors = errno != ENOSYS;
  if (attributes && descriptors) return fine("mount interface", "fsopen, mount_setattr");
  return {"kernel", "mount interface", Finding::Degraded, descriptors ? "no mount_setattr" : "no fsopen",
          "use Linux 5.12 or newer for recursive mount attributes and id-mapped mounts"};
}

// The smallest program there is: r0 = 1; exit.
bool loads_bpf(uint32_t type, uint32_t attach_type) {
  bpf_insn program[2] = {};
  program[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
  program[0].imm = 1;
  program[1].code = BPF_JMP | BPF_EXIT;
  bpf_attr attributes{};
  attributes.prog_type = type;
  attributes.expected_attach_type = attach_type;
  attributes.insns = reinterpret_cast<uint64_t>(program);
  attributes.insn_cnt = 2;
  attributes.license = reinterpret_cast<uint64_t>("GPL");
  const Fd fd(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes)));
  return fd.valid();
}

bool is_unified() {
  struct statfs info {};
  return statfs(kRoot, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

std::string old_hierarchies(std::string& missing) {
  std::string found;
  for (const char* name : {"memory", "pids", "devices", "freezer", "cpu", "cpuset", "blkio"}) {
    std::string& list = file_exists(std::string(kRoot) + "/" + name) ? found : missing;
    list += (list.empty() ? "" : " ") + std::string(name);
  }
  return found;
}

void check_cgroups(Checks& checks) {
  const bool unified = is_unified();
  std::string missing, found;
  if (unified) {
    found = read_file(std::string(kRoot) + "/cgroup.controllers").value_or("");
    if (!found.empty() && found.back() == '\n') found.pop_back();
    for (const char* name : {"memory", "pids", "cpu"})
      if ((" " + found + " ").find(" " + std::string(name) + " ") == std::string::npos)
        missing += (missing.empty() ? "" : " ") + std::string(name);
  } else {
    found = old_hierarchies(missing);
  }
  const std::string detail = (unified ? "v2: " : "v1: ") + (found.empty() ? "none" : found);
  if (found.empty())
    checks.push_back(
        {"kernel", "cgroups", Finding::Missing, detail, "mount the cgroup hierarchies below /sys/fs/cgroup"});
  else if (!missing.empty())
    checks.push_back(
        {"kernel", "cgroups", Finding::Degraded, detail, "these limits cannot be enforced: " + missing});
  else
    checks.push_back(fine("cgroups", detail));
  if (!unified) return;
  if (loads_bpf(BPF_PROG_TYPE_CGROUP_DEVICE, 0))
    checks.push_back(fine("device filter", "cgroup BPF"));
  else
    checks.push_back({"kernel", "device filter", Finding::Missing, strerror(errno),
                      "use a kernel with CONFIG_CGROUP_BPF: with cgroup v2 devices are filtered by BPF"});
}

Check connect_hook() {
  if (loads_bpf(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT))
    return fine("connect hook", "cgroup BPF");
  return {"kernel", "connect hook", Finding::Degraded, strerror(errno),
          "callers are identified through /proc; a kernel with CONFIG_CGROUP_BPF can record them at connect "
          "time"};
}

Check user_namespaces() {
  const pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : errno & 0xff);
  int status = 0;
  waitpid(child, &status, 0);
  if (status == 0) return fine("user namespaces", "available");
  return {"kernel", "user namespaces", Finding::Degraded, strerror(WEXITSTATUS(status)),
          "containers with id mappings will not start; see user.max_user_namespaces"};
}

}  // namespace

Checks check_kernel(const policy::NodeConfig&) {
  Checks checks = {landlock(),        seccomp(),         path_resolution(),
                   mount_interface(), user_namespaces(), connect_hook()};
  check_cgroups(checks);
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (process.valid())
    checks.push_back(fine("pidfd", "available"));
  else
    checks.push_back({"kernel", "pidfd", Finding::Missing, strerror(errno), "use Linux 5.3 or newer"});
  return checks;
}

}  // namespace nemoclaw::ctl
