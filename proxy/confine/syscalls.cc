#include "proxy/confine/syscalls.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <sys/socket.h>

#include <cerrno>

#include "runtime/base/defer.h"

namespace nemoclaw::confine {

namespace {

// No exec, no fork, no mount, no ptrace, no chmod or rename: the worker reads /proc, appends to open files
// and talks to sockets. Both old and new names, because the C library chooses.
constexpr int kWorker[] = {
    // memory
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mprotect),
    // descriptors
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstatfs),
    SCMP_SYS(statx),
    SCMP_SYS(kcmp),  // which threads share their descriptors
    SCMP_SYS(getdents64),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(ioctl),
    SCMP_SYS(pipe2),
    SCMP_SYS(splice),  // bulk through tunnels
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(stat),
    // waiting
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(restart_syscall),
    // sockets
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(listen),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    // itself
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrlimit),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

// A program's start, a worker's preparations, and the holder's own work: start, watch and end workers.
// Nothing here writes a file that is not open already, mounts, traces, or enters a namespace.
constexpr int kHolderToo[] = {
    // a program's start
    SCMP_SYS(execve),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(getcwd),
    // a worker's preparations: threads, what it reads before the first foreign byte, its own confinement
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(openat2),
    SCMP_SYS(ftruncate),
    SCMP_SYS(setrlimit),
    SCMP_SYS(prctl),
    SCMP_SYS(capset),
    SCMP_SYS(seccomp),
    SCMP_SYS(socketpair),
    // the holder's work
    SCMP_SYS(vfork),
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    SCMP_SYS(kill),
    SCMP_SYS(signalfd4),
    SCMP_SYS(getppid),
    SCMP_SYS(pwrite64),
    SCMP_SYS(dup2),
    SCMP_SYS(close_range),
};

template <typename Numbers>
int allow(scmp_filter_ctx filter, const Numbers& numbers) {
  for (const int number : numbers)
    if (const int code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0); code < 0) return code;
  return 0;
}

int allow_families(scmp_filter_ctx filter, std::initializer_list<scmp_datum_t> families) {
  for (const scmp_datum_t family : families) {
    const scmp_arg_cmp is_family = {0, SCMP_CMP_EQ, family, 0};
    if (const int code = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, &is_family);
        code < 0)
      return code;
  }
  return 0;
}

// Reading only: the audit file and all sockets are open already.
int allow_reading(scmp_filter_ctx filter) {
  for (const auto& [number, argument] : {std::pair{SCMP_SYS(open), 1U}, std::pair{SCMP_SYS(openat), 2U}}) {
    const scmp_arg_cmp reading = {argument, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY};
    if (const int code = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &reading); code < 0)
      return code;
  }
  return 0;
}

// To run a program that it was given, and nothing else of bpf(2).
int allow_looking(scmp_filter_ctx filter) {
  const scmp_arg_cmp running = {0, SCMP_CMP_EQ, BPF_PROG_TEST_RUN, 0};
  return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1, &running);
}

Result<void> load(bool holder) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (!filter) return make_error("system call filter: out of memory");
  const Defer release([filter] { seccomp_release(filter); });
  int code = allow(filter, kWorker);
  if (code == 0) code = allow_reading(filter);
  if (code == 0) code = allow_looking(filter);
  if (code == 0) code = allow_families(filter, {AF_INET, AF_INET6});
  if (code == 0 && holder) code = allow(filter, kHolderToo);
  if (code == 0 && holder) code = allow_families(filter, {AF_NETLINK});  // a worker asks sock_diag
  // Every thread: none that was started before may do more.
  if (code == 0 && !holder) code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  if (code < 0) return errno_error("system call filter", -code);
  if (code = seccomp_load(filter); code < 0) return errno_error("load the system call filter", -code);
  return {};
}

}  // namespace

Result<void> load_holder_filter() { return load(true); }

Result<void> load_worker_filter() { return load(false); }

}  // namespace nemoclaw::confine
