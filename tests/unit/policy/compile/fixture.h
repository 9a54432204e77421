// A manager's spec and facts about an ordinary Debian-like image, for the tests of this room.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "policy/compile/compile.h"
#include "policy/compile/paths.h"

namespace nemoclaw::policy {

inline oci::Spec docker_like_spec() {
  oci::Spec spec;
  spec.oci_version = "1.0.2";
  spec.root.path = "rootfs";
  oci::Process process;
  process.args = {"sh"};
  process.cwd = "/work";
  process.env = {"PATH=/image/bin", "LD_PRELOAD=/evil.so", "HOME=/root", "http_proxy=http://elsewhere:1",
                 "KEEP=1"};
  oci::Strings capabilities = {"CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SETUID"};
  process.capabilities = oci::Capabilities{capabilities, capabilities, {}, capabilities, {}};
  spec.process = process;
  spec.mounts = {{"/proc", "proc", "proc", {"nosuid"}, {}, {}},
                 {"/sys", "sysfs", "sysfs", {"ro"}, {}, {}},
                 {"/dev", "tmpfs", "tmpfs", {"nosuid"}, {}, {}},
                 {"/data", "bind", "/host/data", {"rbind"}, {}, {}}};
  for (const char* type : {"mount", "network", "pid", "ipc", "uts"})
    spec.linux_.namespaces.push_back({type, ""});
  return spec;
}

inline Facts debian_like_facts() {
  Facts facts;
  facts.landlock_abi = 7;
  facts.container_id = "c1";
  facts.hook_path = "/usr/libexec/nemoclaw/nemoclaw-hook";
  facts.sandbox_directory = "/run/nemoclaw/sandboxes/c1";
  facts.passwd =
      "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\nfake:x:0:0::/:/bin/sh\n";
  facts.group = "root:x:0:\nnode:x:1000:\nstaff:x:50:\n";
  facts.existing_paths = {"/usr",  "/bin",     "/lib",        "/etc",     "/tmp",
                          "/work", "/usr/lib", "/etc/passwd", "/srv/app", "/usr/lib/secret"};
  facts.loaders = {"/lib64/ld-linux-x86-64.so.2"};
  facts.command = "/bin/sh";
  return facts;
}

inline std::string error_of(const Result<Compiled>& compiled) {
  return compiled ? "" : compiled.error().message;
}

inline const oci::LandlockRule* find_rule(const oci::EffectiveSpec& effective, std::string_view path) {
  for (const oci::LandlockRule& each : effective.landlock.rules)
    if (each.path == path) return &each;
  return nullptr;
}

template <typename List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

inline bool reported(const Compiled& compiled, std::string_view text) {
  return std::any_of(compiled.report.begin(), compiled.report.end(), [&](const ReportLine& line) {
    return (line.area + ": " + line.what + ": " + line.why).find(text) != std::string::npos;
  });
}

}  // namespace nemoclaw::policy
