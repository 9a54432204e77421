// Steps about the process's place in the kernel: descriptors, namespaces, ids, names.
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"
#include "runtime/cgroup/driver.h"
#include "runtime/init/own_binary.h"
#include "runtime/init/steps.h"
#include "runtime/isolation/loopback.h"

namespace nemoclaw::init {

namespace {

void reset_signals() {
  // A manager or our own caller may have blocked or ignored some; the program must start with none of that.
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

// By the process itself: to move another one, the kernel waits for an RCU grace period of 5 to 15 ms. The
// descriptors are closed by the next step.
Result<void> join_cgroup(Context& context) {
  const int cause = cgroup::join_self(context.cgroup_joins.data(), context.cgroup_joins.size());
  if (cause != 0) return errno_error("join the container's cgroup", cause);
  context.cgroup_joins.clear();
  return {};
}

Result<void> enter_cgroup(Context& context) {
  TRY(wait_for(context, Go::CgroupJoined));
  const std::vector<FdRef> files(context.cgroup_files.begin(), context.cgroup_files.end());
  const int cause = cgroup::join_self(files.data(), files.size());
  if (cause != 0) return errno_error("join the container's cgroup", cause);
  context.cgroup_files.clear();
  return {};
}

Result<void> reset_process(Context& context) {
  reset_signals();
  std::vector<int> kept = {context.channel.fd().raw(),    context.proc.raw(),
                           context.listener_socket.raw(), context.start_listener.raw(),
                           context.console_socket.raw(),  context.init.raw()};
  kept.push_back(context.network.raw());
  for (const Fd& fd : context.joined) kept.push_back(fd.raw());
  for (const Fd& fd : context.sources) kept.push_back(fd.raw());
  for (const Fd& fd : context.id_maps) kept.push_back(fd.raw());
  for (const Fd& fd : context.device_nodes) kept.push_back(fd.raw());
  TRY(sys::close_all_except(3 + static_cast<unsigned>(context.preserve_fds), std::move(kept)));
  if (setsid() < 0 && errno != EPERM) return errno_error("setsid");  // EPERM: leader already
  umask(0);  // modes below are meant as they are written
  // An unprivileged parent could not write the id maps of a process that is hidden; it is hidden after that.
  if (geteuid() == 0) TRY(hide_process());
  return {};
}

Result<void> wait_for_id_maps(Context& context) {
  if (context.container->id_maps.empty()) return {};
  TRY(wait_for(context, Go::MapsWritten));
  return hide_process();
}

Result<void> join_namespaces(Context& context) {
  // With two clones the first process joined before it made this one.
  if (!context.container->namespaces.two_clones)
    TRY(isolation::join_namespaces(context.container->namespaces, context.joined));
  context.joined.clear();
  if (context.network.valid()) TRY_CONTEXT(sys::setns(context.network, CLONE_NEWNET), "network namespace");
  context.network.reset();
  return {};
}

Result<void> set_time_offsets(Context& context) {
  if (!context.container->namespaces.new_time) return {};
  TRY_CONTEXT(sys::unshare(CLONE_NEWTIME), "time namespace");
  const std::string text = isolation::time_offsets_text(context.effective->spec.linux_);
  if (!text.empty())
    TRY_CONTEXT(write_file_at(context.proc, "self/timens_offsets", text), "linux.timeOffsets");
  return {};
}

namespace {

// Root, or the first id of a user namespace that has no root: what is made in it must belong to an id that it knows.
// The capabilities stay, because the id before this is none of the namespace's.
Result<id_t> mapped_id(const Context& context, const char* map_file) {
  const std::string map = TRY(read_file_at(context.proc, map_file, 65536));
  id_t first = 0;
  for (const char* line = map.c_str(); *line != '\0';) {
    char* end = nullptr;
    const unsigned long id = strtoul(line, &end, 10);
    if (end == line || id == 0) return id_t{0};
    if (line == map.c_str()) first = static_cast<id_t>(id);
    const char* next = strchr(end, '\n');
    line = next ? next + 1 : "";
  }
  return first;
}

}  // namespace

Result<void> become_mapped_root(Context& context) {
  const bool joined = context.container ? context.container->namespaces.joins(CLONE_NEWUSER)
                                        : (context.init_namespaces & CLONE_NEWUSER) != 0;
  if (!joined && !(context.container && !context.container->id_maps.empty())) return {};
  const id_t uid = TRY(mapped_id(context, "self/uid_map"));
  const id_t gid = TRY(mapped_id(context, "self/gid_map"));
  if (!context.keep_groups && setgroups(0, nullptr) != 0 && errno != EPERM) return errno_error("setgroups");
  if (setresgid(gid, gid, gid) != 0) return errno_error("become root of the user namespace: setgid");
  if (setresuid(uid, uid, uid) != 0) return errno_error("become root of the user namespace: setuid");
  return hide_process();  // changing ids made it what fs.suid_dumpable says
}

Result<void> set_names(Context& context) {
  const oci::Spec& spec = context.effective->spec;
  if (!spec.hostname.empty() && sethostname(spec.hostname.data(), spec.hostname.size()) != 0)
    return errno_error("set hostname " + quoted(spec.hostname));
  if (!spec.domainname.empty() && setdomainname(spec.domainname.data(), spec.domainname.size()) != 0)
    return errno_error("set domainname " + quoted(spec.domainname));
  return {};
}

Result<void> raise_loopback(Context& context) {
  if (!context.container->namespaces.is_new(CLONE_NEWNET)) return {};
  return isolation::raise_loopback();
}

Result<void> write_sysctls(Context& context) {
  return isolation::apply_sysctls(context.container->sysctls, context.proc);
}

Result<void> enter_cgroup_namespace(Context& context) {
  TRY(enter_cgroup(context));
  if (!context.container->namespaces.new_cgroup || context.cgroup_namespace_done) return {};
  TRY_CONTEXT(sys::unshare(CLONE_NEWCGROUP), "cgroup namespace");
  context.cgroup_namespace_done = true;
  return {};
}

}  // namespace nemoclaw::init
