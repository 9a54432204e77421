#include "runtime/oci/features.h"

#include <algorithm>
#include <cstdlib>

#include "nemoclaw_version.h"
#include "runtime/base/capability_names.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::oci {

namespace {

using List = std::vector<std::string>;

List mount_options() {
  return {"acl",       "async",      "atime",    "bind",      "defaults",    "dev",         "diratime",  "dirsync",
          "exec",      "idmap",      "iversion", "lazytime",  "loud",        "mand",        "noacl",     "noatime",
          "nodev",     "nodiratime", "noexec",   "noiversion", "nolazytime", "nomand",      "norelatime",
          "nostrictatime", "nosuid", "nosymfollow", "private", "ratime",     "rbind",       "rdev",      "rdiratime",
          "relatime",  "remount",    "rexec",    "ridmap",    "rnoatime",    "rnodev",      "rnodiratime", "rnoexec",
          "rnorelatime", "rnostrictatime", "rnosuid", "rnosymfollow", "ro",  "rprivate",    "rrelatime", "rro",
          "rrw",       "rshared",    "rslave",   "rstrictatime", "rsuid",    "rsymfollow",  "runbindable", "rw",
          "shared",    "silent",     "slave",    "strictatime", "suid",      "symfollow",   "sync",      "tmpcopyup",
          "unbindable"};
}

// Those that the running kernel has.
List capabilities() {
  size_t count = kCapabilityCount;
  if (const Result<std::string> last = read_file("/proc/sys/kernel/cap_last_cap", 32); last)
    count = std::min(count, static_cast<size_t>(atoi(last->c_str())) + 1);
  return List(kCapabilityNames, kCapabilityNames + count);
}

List namespaces() {
  List present;
  constexpr std::pair<const char*, const char*> types[] = {{"cgroup", "cgroup"}, {"ipc", "ipc"}, {"mount", "mnt"},
                                                           {"network", "net"},   {"pid", "pid"}, {"time", "time"},
                                                           {"user", "user"},     {"uts", "uts"}};
  for (const auto& [type, file] : types) {
    if (file_exists(std::string("/proc/self/ns/") + file)) present.emplace_back(type);
  }
  return present;
}

void write_seccomp(json::Writer& out) {
  out.key("seccomp").begin_object();
  out.member("enabled", true);
  out.member("actions", List{"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                             "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE",
                             "SCMP_ACT_TRAP"});
  out.member("operators", List{"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
                               "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"});
#ifdef __x86_64__
  out.member("archs", List{"SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"});
#elif defined __aarch64__
  out.member("archs", List{"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"});
#endif
  const List flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
                      "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  out.member("knownFlags", flags);
  out.member("supportedFlags", flags);
  out.end_object();
}

void write_switch(json::Writer& out, const char* name, bool enabled) {
  out.key(name).begin_object().member("enabled", enabled).end_object();
}

void write_linux(json::Writer& out) {
  out.key("linux").begin_object();
  out.member("namespaces", namespaces());
  out.member("capabilities", capabilities());
  out.key("cgroup").begin_object();
  out.member("v1", true).member("v2", true).member("systemd", true).member("systemdUser", true);
  out.member("rdma", true);
  out.end_object();
  write_seccomp(out);
  // Whether this program can apply them; what the host's kernel offers is not asked here, as with runc.
  write_switch(out, "apparmor", true);
  write_switch(out, "selinux", true);
  out.key("intelRdt").begin_object();
  out.member("enabled", true).member("schemata", true).member("monitoring", true).end_object();
  out.key("memoryPolicy").begin_object();
  out.member("modes", List{"MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED",
                           "MPOL_PREFERRED_MANY", "MPOL_LOCAL"});
  out.member("flags", List{"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"}).end_object();
  out.key("mountExtensions").begin_object();
  write_switch(out, "idmap", true);
  out.end_object();
  write_switch(out, "netDevices", true);
  out.end_object();
}

}  // namespace

std::string encode_features() {
  json::Writer out(true);
  out.begin_object();
  out.member("ociVersionMin", "1.0.0").member("ociVersionMax", "1.3.0");
  out.member("hooks", List{"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"});
  out.member("mountOptions", mount_options());
  write_linux(out);
  out.key("annotations").begin_object();
  out.member("ai.nemoclaw.version", NEMOCLAW_VERSION);
  out.member("ai.nemoclaw.commit", NEMOCLAW_COMMIT);
  out.end_object();
  // A manager must not let a container's author choose these: they name policies and change what the runtime does.
  out.member("potentiallyUnsafeConfigAnnotations",
             List{"ai.nemoclaw.", "org.systemd.property.", "run.oci."});
  out.end_object();
  return out.take();
}

}  // namespace nemoclaw::oci
