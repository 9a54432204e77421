// Steps about the program itself: terminal, user, confinement, execve. The order is in steps.cc.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <climits>
#include <cstring>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/path.h"
#include "runtime/base/sys_process.h"
#include "runtime/init/hook_state.h"
#include "runtime/init/own_binary.h"
#include "runtime/init/steps.h"
#include "runtime/init/terminal.h"

namespace nemoclaw::init {

Result<void> open_terminal(Context& context) {
  const oci::Process& process = *context.process->process;
  if (!process.terminal) return {};
  // exec: /dev/console belongs to the container's first process.
  const bool bind_console = context.container != nullptr && context.container->devices.wanted;
  TRY_CONTEXT(make_terminal(context.console_socket, process.console_size, bind_console), "terminal");
  return {};
}

namespace {

bool is_null_device(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

}  // namespace

// The host's null device is on a mount that the container does not have: criu could not say where it is. As runc does, it is
// replaced by the container's, unless the image has something else of that name.
Result<void> reopen_null(Context&) {
  Fd null;
  for (int fd = 0; fd <= 2; ++fd) {
    if (!is_null_device(fd)) continue;
    if (!null.valid()) {
      Result<Fd> own = open_file("/dev/null", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
      if (!own || !is_null_device(own->raw())) return {};
      null = std::move(*own);
    }
    if (dup2(null.raw(), fd) < 0) return errno_error("reopen the null device");
  }
  return {};
}

Result<void> join_keyring(Context& context) {
  if (context.launch && context.launch->no_new_keyring) return {};
  if (context.launch) return isolation::join_session_keyring(context.id);
  // exec: an anonymous one, so that the caller's session keys do not leak in.
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS && errno != EPERM)
    return errno_error("session keyring");
  return {};
}

Result<void> set_scheduling(Context& context) { return isolation::apply_scheduling(context.process->limits); }

Result<void> open_label(Context& context) {
  context.label = TRY(isolation::open_exec_label(*context.process->process, context.proc));
  // The last reference to a directory of the host.
  context.proc.reset();
  return {};
}

Result<void> prepare_landlock(Context& context) {
  if (!context.process->landlock.enabled) return {};
  context.ruleset = TRY(isolation::prepare_landlock(context.process->landlock, context.protections));
  return {};
}

Result<void> look_up_program(Context& context) {
  const oci::Process& process = *context.process->process;
  if (process.args.empty()) return {};  // a container without a process, which start refuses
  context.program = TRY(find_program(process, context.own));
  // The image's passwd is bounded and only read for a home directory; an unreadable one means "/".
  const char* home = environment_value(process.env, "HOME");
  std::string directory;
  if (!home || *home == '\0') {
    // Not blocking, because a container may have put a FIFO there, for exec to wait on.
    const Result<Fd> file = open_file("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
    const Result<std::string> passwd = file ? read_all(*file, size_t{1} << 20) : Result<std::string>("");
    directory = isolation::home_directory(passwd ? *passwd : "", process.user.uid);
  }
  context.environment = isolation::process_environment(process.env, directory);
  return {};
}

Result<void> run_start_container_hooks(Context& context) {
  const std::vector<oci::Hook>& hooks = context.effective->spec.hooks.start_container;
  if (hooks.empty()) return {};
  return run_hooks(hooks, "startContainer", hook_state(*context.launch, getpid(), oci::Status::Created),
                   {context.process->process->cwd, &context.environment});
}

Result<void> mark_descriptors(Context& context) {
  return sys::mark_cloexec_from(3 + static_cast<unsigned>(context.preserve_fds));
}

namespace {

// CVE-2024-21626: a working directory that is not below the container's root would be a way out of it. The
// kernel says
// "(unreachable)" for such a one, and the C library makes ENOENT of that.
Result<void> check_inside() {
  char here[PATH_MAX];
  const long length = syscall(SYS_getcwd, here, sizeof here);
  if (length < 0 && errno == ERANGE) return {};  // longer than PATH_MAX, but it has a path from the root
  if (length < 0 || here[0] != '/')
    return make_error("process.cwd: the directory is outside of the container's mount namespace root");
  return {};
}

}  // namespace

Result<void> enter_working_directory(Context& context) {
  // As the runtime's user first; a directory that only the container's user may enter is tried again as that
  // user.
  const std::string& cwd = context.process->process->cwd;
  if (chdir(cwd.c_str()) != 0) {
    if (errno == EACCES) return {};
    return errno_error("chdir to cwd " + quoted(cwd) + " set in config.json failed");
  }
  context.standing_in_cwd = true;
  return check_inside();
}

Result<void> set_no_new_privileges(Context& context) {
  if (!context.process->process->no_new_privileges) return {};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno_error("set no_new_privs");
  return {};
}

Result<void> restrict_filesystem(Context& context) {
  if (!context.ruleset.valid()) return {};
  TRY(isolation::restrict_landlock(context.ruleset));
  context.ruleset.reset();
  return {};
}

Result<void> drop_bounding_set(Context& context) {
  return isolation::drop_bounding(context.process->capabilities);
}

Result<void> change_user(Context& context) {
  const oci::User& user = context.process->process->user;
  TRY(isolation::own_standard_streams(user));
  TRY(isolation::apply_exec_label(context.label));
  TRY(isolation::apply_user(user, context.keep_groups));
  TRY(hide_process());  // changing ids made it what fs.suid_dumpable says
  if (context.standing_in_cwd) return {};
  const std::string& cwd = context.process->process->cwd;
  if (chdir(cwd.c_str()) != 0)
    return errno_error("chdir to cwd " + quoted(cwd) + " set in config.json failed");
  return check_inside();
}

namespace {

// {"ociVersion","fds","pid","metadata","state"}: ContainerProcessState of config-linux.md, with the listener
// attached.
Result<void> send_listener(const Context& context, FdRef listener) {
  json::Writer writer;
  writer.begin_object();
  writer.member("ociVersion", context.effective->spec.oci_version);
  writer.key("fds").begin_array().value("seccompFd").end_array();
  writer.member("pid", static_cast<int64_t>(context.pid_outside));
  writer.member("metadata", context.process->listener_metadata);
  if (context.launch) {
    const Result<json::Value> state =
        json::parse(hook_state(*context.launch, context.pid_outside, oci::Status::Creating));
    if (state) writer.key("state").value(*state);
  }
  writer.end_object();
  TRY_CONTEXT(send_descriptor(context.listener_socket, listener, writer.text()),
              "linux.seccomp.listenerPath");
  return {};
}

Result<void> load_all_filters(Context& context) {
  for (const isolation::SeccompPlan& filter : context.process->filters) {
    Fd listener = TRY(isolation::apply_seccomp(filter));
    if (filter.notify) TRY(send_listener(context, listener));
  }
  return {};
}

}  // namespace

Result<void> load_filters_privileged(Context& context) {
  if (context.process->process->no_new_privileges || context.process->filters.empty()) return {};
  // setuid(2) emptied the effective set; the permitted one still holds CAP_SYS_ADMIN.
  TRY(isolation::raise_permitted());
  return load_all_filters(context);
}

Result<void> set_capabilities(Context& context) {
  return isolation::set_capabilities(context.process->capabilities);
}

Result<void> load_filters(Context& context) {
  if (!context.process->process->no_new_privileges) return {};
  return load_all_filters(context);
}

Result<void> execute(Context& context) {
  std::vector<char*> argv, envp;
  for (const std::string& argument : context.process->process->args)
    argv.push_back(const_cast<char*>(argument.c_str()));
  for (const std::string& entry : context.environment) envp.push_back(const_cast<char*>(entry.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  execve(context.program.c_str(), argv.data(), envp.data());
  const int cause = errno;
  std::string why = strerror(cause);
  if (!why.empty())
    why[0] = static_cast<char>(tolower(static_cast<unsigned char>(why[0])));  // as Go spells it
  return Error{cause, "exec " + context.program + ": " + why, 1};
}

}  // namespace nemoclaw::init
