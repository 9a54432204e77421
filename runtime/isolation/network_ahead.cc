#include "runtime/isolation/network_ahead.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace nemoclaw::isolation {

namespace {

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define NEMOCLAW_HAS_RAW_THREAD 1
#else
#define NEMOCLAW_HAS_RAW_THREAD 0
#endif

#if NEMOCLAW_HAS_RAW_THREAD

// Of the thread, which outlives no NetworkAhead and is the only one.
alignas(64) char stack[8192];
std::atomic<int> made{-1};
// The kernel writes the thread's id, and 0 when it has ended.
int running = 0;

// Not the C library's: this thread shares errno with the other one.
long call(long number, long a, long b = 0, long c = 0) {
  long result;
  asm volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

int make_network(void*) {
  static constexpr char kOwn[] = "/proc/thread-self/ns/net";
  if (call(SYS_unshare, CLONE_NEWNET) != 0) return 0;
  made.store(static_cast<int>(call(SYS_open, reinterpret_cast<long>(kOwn), O_RDONLY | O_CLOEXEC)));
  // What the child does next; to find it done takes no time, to do it 0.08 ms.
  ifreq request = {};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const long any = call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0) return 0;
  call(SYS_ioctl, any, SIOCSIFFLAGS, reinterpret_cast<long>(&request));
  call(SYS_close, any);
  return 0;
}

bool has_second_cpu() {
  cpu_set_t cpus;
  return sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1;
}

bool start_thread() {
  if (!has_second_cpu()) return false;
  made.store(-1);
  constexpr int kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                         CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  return clone(make_network, stack + sizeof stack, kFlags, nullptr, &running, nullptr, &running) > 0;
}

int wait_for_thread() {
  const volatile int& now = running;
  for (int id; (id = now) != 0;) syscall(SYS_futex, &running, FUTEX_WAIT, id, nullptr, nullptr, 0);
  return made.exchange(-1);
}

#else

bool start_thread() { return false; }
int wait_for_thread() { return -1; }

#endif

}  // namespace

bool NetworkAhead::is_wanted(const oci::Linux& linux_) {
  const oci::Namespace* network = linux_.find_namespace("network");
  return network && network->path.empty() && !linux_.find_namespace("user");
}

void NetworkAhead::begin() {
  if (!begun_) begun_ = start_thread();
}

Fd NetworkAhead::take() {
  if (!begun_) return Fd();
  begun_ = false;
  return Fd(wait_for_thread());
}

NetworkAhead::~NetworkAhead() { static_cast<void>(take()); }

}  // namespace nemoclaw::isolation
