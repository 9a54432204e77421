#include "policy/compile/agent_profile.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* allow = "SCMP_ACT_ALLOW";
constexpr uint32_t no_such_call = 38;  // ENOSYS
constexpr uint64_t low_word = 0xffffffff;

// What interpreters, compilers and their output, git, node and browsers without a sandbox of their own use.
// Chosen by leaving out what administers the machine, looks into other processes or is a steady source of
// kernel faults.
const oci::Strings& agent_calls() {
  // clang-format off
  static const oci::Strings names = {
      "_llseek", "_newselect", "accept", "accept4", "access", "alarm", "arch_prctl", "arm_fadvise64_64",
      "bind", "breakpoint", "brk", "cacheflush", "cachestat", "capget", "capset", "chdir", "chmod",
      "chown", "chown32", "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64",
      "clock_nanosleep", "clock_nanosleep_time64", "close", "close_range", "connect", "copy_file_range",
      "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old",
      "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "execve",
      "execveat", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64", "fadvise64_64",
      "fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat", "fcntl",
      "fcntl64", "fdatasync", "fgetxattr", "file_getattr", "file_setattr", "flistxattr", "flock", "fork",
      "fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync",
      "ftruncate", "ftruncate64", "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv",
      "futex_wake", "futimesat", "get_mempolicy", "get_robust_list", "get_thread_area", "getcpu",
      "getcwd", "getdents", "getdents64", "getegid", "getegid32", "geteuid", "geteuid32", "getgid",
      "getgid32", "getgroups", "getgroups32", "getitimer", "getpeername", "getpgid", "getpgrp", "getpid",
      "getppid", "getpriority", "getrandom", "getresgid", "getresgid32", "getresuid", "getresuid32",
      "getrlimit", "getrusage", "getsid", "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid",
      "getuid32", "getxattr", "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1",
      "inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents",
      "io_pgetevents_time64", "io_setup", "io_submit", "ioctl", "ioprio_get", "ioprio_set", "ipc", "kill",
      "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "lchown", "lchown32",
      "lgetxattr", "link", "linkat", "listen", "listmount", "listxattr", "listxattrat", "llistxattr",
      "lremovexattr", "lseek", "lsetxattr", "lsm_get_self_attr", "lsm_list_modules", "lstat", "lstat64",
      "madvise", "map_shadow_stack", "mbind", "membarrier", "memfd_create", "memfd_secret", "mincore",
      "mkdir", "mkdirat", "mknod", "mknodat", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "mprotect",
      "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64",
      "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "mremap", "mseal", "msgctl", "msgget", "msgrcv",
      "msgsnd", "msync", "munlock", "munlockall", "munmap", "nanosleep", "newfstatat", "open", "openat",
      "openat2", "pause", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2", "pkey_alloc", "pkey_free",
      "pkey_mprotect", "poll", "ppoll", "ppoll_time64", "prctl", "pread64", "preadv", "preadv2",
      "prlimit64", "process_madvise", "process_mrelease", "pselect6", "pselect6_time64", "pwrite64",
      "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "recv", "recvfrom",
      "recvmmsg", "recvmmsg_time64", "recvmsg", "removexattr", "removexattrat", "rename", "renameat",
      "renameat2", "restart_syscall", "rmdir", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
      "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
      "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
      "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval",
      "sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr", "sched_setparam",
      "sched_setscheduler", "sched_yield", "seccomp", "select", "semctl", "semget", "semop", "semtimedop",
      "semtimedop_time64", "send", "sendfile", "sendfile64", "sendmmsg", "sendmsg", "sendto",
      "set_mempolicy", "set_mempolicy_home_node", "set_robust_list", "set_thread_area", "set_tid_address",
      "set_tls", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups",
      "setgroups32", "setitimer", "setpgid", "setpriority", "setregid", "setregid32", "setresgid",
      "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32", "setrlimit", "setsid",
      "setsockopt", "setuid", "setuid32", "setxattr", "setxattrat", "shmat", "shmctl", "shmdt", "shmget",
      "shutdown", "sigaltstack", "signalfd", "signalfd4", "sigprocmask", "sigreturn", "socketpair",
      "splice", "stat", "stat64", "statfs", "statfs64", "statmount", "statx", "symlink", "symlinkat",
      "sync", "sync_file_range", "sync_file_range2", "syncfs", "sysinfo", "tee", "tgkill", "time",
      "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64",
      "timer_settime", "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_gettime64",
      "timerfd_settime", "timerfd_settime64", "times", "tkill", "truncate", "truncate64", "ugetrlimit",
      "umask", "uname", "unlink", "unlinkat", "uretprobe", "utime", "utimensat", "utimensat_time64",
      "utimes", "vfork", "vmsplice", "wait4", "waitid", "waitpid", "write", "writev",
  };
  // clang-format on
  return names;
}

// Refused with EPERM, which is the default anyway; named, because what a profile names is what it knows:
// later calls than the newest name answer ENOSYS.
const oci::Strings& refused_calls() {
  static const oci::Strings names = {"acct",
                                     "add_key",
                                     "adjtimex",
                                     "bpf",
                                     "chroot",
                                     "clock_adjtime",
                                     "clock_settime",
                                     "delete_module",
                                     "fanotify_init",
                                     "finit_module",
                                     "fsconfig",
                                     "fsmount",
                                     "fsopen",
                                     "fspick",
                                     "init_module",
                                     "io_uring_enter",
                                     "io_uring_register",
                                     "io_uring_setup",
                                     "ioperm",
                                     "iopl",
                                     "kcmp",
                                     "kexec_file_load",
                                     "kexec_load",
                                     "keyctl",
                                     "lookup_dcookie",
                                     "lsm_set_self_attr",
                                     "modify_ldt",
                                     "mount",
                                     "mount_setattr",
                                     "move_mount",
                                     "nfsservctl",
                                     "open_by_handle_at",
                                     "open_tree",
                                     "open_tree_attr",
                                     "perf_event_open",
                                     "pidfd_getfd",
                                     "pivot_root",
                                     "process_vm_readv",
                                     "process_vm_writev",
                                     "ptrace",
                                     "quotactl",
                                     "quotactl_fd",
                                     "reboot",
                                     "request_key",
                                     "setdomainname",
                                     "sethostname",
                                     "setns",
                                     "settimeofday",
                                     "swapoff",
                                     "swapon",
                                     "syslog",
                                     "umount",
                                     "umount2",
                                     "unshare",
                                     "userfaultfd",
                                     "vhangup"};
  return names;
}

oci::SeccompArg masked(uint32_t index, uint64_t mask, uint64_t value) {
  return {index, mask, value, "SCMP_CMP_MASKED_EQ"};
}

// Families and types are ints: only the low word is compared, or a value with high bits would pass as another
// one.
void add_socket_rules(oci::Seccomp& profile) {
  constexpr uint64_t unix_family = 1, inet = 2, inet6 = 10, netlink = 16, netlink_route = 0;
  constexpr uint64_t stream = 1, datagram = 2, type_mask = 0xf;  // above it: SOCK_CLOEXEC, SOCK_NONBLOCK
  profile.syscalls.push_back({{"socket"}, allow, {}, {masked(0, low_word, unix_family)}});
  for (uint64_t family : {inet, inet6})
    for (uint64_t type : {stream, datagram})
      profile.syscalls.push_back(
          {{"socket"}, allow, {}, {masked(0, low_word, family), masked(1, type_mask, type)}});
  profile.syscalls.push_back(
      {{"socket"}, allow, {}, {masked(0, low_word, netlink), masked(2, low_word, netlink_route)}});
  // 32-bit x86 has a second way in, whose arguments lie behind a pointer. Libraries fall back on socket(2).
  profile.syscalls.push_back({{"socketcall"}, "SCMP_ACT_ERRNO", no_such_call, {}});
}

void add_clone_rules(oci::Seccomp& profile) {
  // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. CLONE_NEWTIME cannot be asked of
  // clone(2).
  constexpr uint64_t new_namespaces = 0x7e020000;
  profile.syscalls.push_back({{"clone"}, allow, {}, {masked(0, new_namespaces, 0)}});
  // Its flags are behind a pointer, too; libc falls back on clone(2).
  profile.syscalls.push_back({{"clone3"}, "SCMP_ACT_ERRNO", no_such_call, {}});
}

// Linux and 32-bit personalities, with and without the old address layout; and the question which one it is.
void add_personality_rules(oci::Seccomp& profile) {
  for (uint64_t persona : {uint64_t{0}, uint64_t{8}, uint64_t{0x20000}, uint64_t{0x20008}, low_word})
    profile.syscalls.push_back({{"personality"}, allow, {}, {masked(0, low_word, persona)}});
}

oci::Seccomp allow_list() {
  oci::Seccomp profile;
  profile.default_action = "SCMP_ACT_ERRNO";
  // Of the machine's own and its 32-bit programs; the other machine's names are ignored. Not x32: nobody uses
  // it.
  profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
  profile.syscalls.push_back({agent_calls(), allow, {}, {}});
  return profile;
}

}  // namespace

oci::Seccomp agent_profile() {
  oci::Seccomp profile = allow_list();
  add_socket_rules(profile);
  add_clone_rules(profile);
  add_personality_rules(profile);
  profile.syscalls.push_back({refused_calls(), "SCMP_ACT_ERRNO", {}, {}});
  return profile;
}

oci::Seccomp docker_profile() {
  oci::Seccomp profile = allow_list();
  profile.syscalls.push_back(
      {{"socket", "socketcall", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "adjtimex",
        "clock_adjtime", "clock_adjtime64", "fanotify_mark", "modify_ldt", "remap_file_pages"},
       allow,
       {},
       {}});
  add_clone_rules(profile);
  add_personality_rules(profile);
  profile.syscalls.push_back({refused_calls(), "SCMP_ACT_ERRNO", {}, {}});
  return profile;
}

}  // namespace nemoclaw::policy
