// What it costs to find out who is calling: a new connection each time, in a sandbox of many processes that
// hold many sockets; with the kernel's record of who connected, where root can have it, and by a search. Prints
// microseconds of CPU time; `identity [PROCESSES] [SOCKETS] [ROUNDS]`.
#include <arpa/inet.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "proxy/peer/identity.h"
#include "runtime/base/file.h"
#include "runtime/bpf/connect_programs.h"

using namespace nemoclaw;

namespace {

struct Members {
  std::string directory, before;  // a cgroup of version 2, and the one that we were in; else a plain directory
  std::vector<pid_t> pids;
  ~Members() {
    for (const pid_t pid : pids) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    if (before.empty()) {
      static_cast<void>(remove_tree(directory));
      return;
    }
    static_cast<void>(write_file(before + "/cgroup.procs", std::to_string(getpid())));
    for (int tries = 0; rmdir(directory.c_str()) != 0 && tries < 100; ++tries) usleep(2000);
  }
};

// Moves this process into a cgroup of its own, where the kernel notes who connects.
Result<peer::Connects> watch_connects(Members& members) {
  for (const std::string root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct statfs info {};
    if (statfs(root.c_str(), &info) != 0 || info.f_type != CGROUP2_SUPER_MAGIC) continue;
    const std::string directory = root + "/nemoclaw-identity-bench-" + std::to_string(getpid());
    if (mkdir(directory.c_str(), 0755) != 0) return errno_error("mkdir " + directory);
    members.directory = directory;
    members.before = root;
    TRY(write_file(directory + "/cgroup.procs", std::to_string(getpid())));
    const std::string types = TRY(read_file("/sys/kernel/btf/vmlinux"));
    const bpf::KernelLayout layout = TRY(bpf::find_layout(types));
    const Fd map = TRY(bpf::create_map(bpf::connect_map_plan()));
    const Fd cgroup = TRY(open_file(directory, O_RDONLY | O_DIRECTORY));
    const Fd program = TRY(bpf::load_program(bpf::build_connect_program(layout, map.raw(), BPF_CGROUP_INET4_CONNECT)));
    TRY(bpf::attach_to_cgroup(cgroup, program, BPF_CGROUP_INET4_CONNECT));
    return peer::Connects::create(TRY(bpf::load_program(bpf::build_look_program(layout, map.raw()))));
  }
  return make_error("no cgroup of version 2");
}

uint64_t own_namespace(const char* path) {
  struct stat status = {};
  return stat(path, &status) == 0 ? status.st_ino : 0;
}

// Each child holds its share of the sockets and waits.
void make_members(Members& members, int processes, int sockets) {
  if (members.before.empty()) {
    char pattern[] = "/tmp/identity-bench-XXXXXX";
    members.directory = mkdtemp(pattern);
  }
  for (int made = 0; made < processes; ++made) {
    int gate[2];
    if (pipe(gate) != 0) exit(1);
    const pid_t child = fork();
    if (child == 0) {
      for (int own = 0; own < sockets / processes; ++own)
        if (socket(AF_INET, SOCK_STREAM, 0) < 0) _exit(1);
      if (write(gate[1], "r", 1) == 1)
        for (;;) pause();
      _exit(1);
    }
    char ready;
    if (read(gate[0], &ready, 1) != 1) exit(1);
    close(gate[0]);
    close(gate[1]);
    members.pids.push_back(child);
  }
  if (!members.before.empty()) return;
  std::ofstream procs(members.directory + "/cgroup.procs");
  procs << getpid() << '\n';
  for (const pid_t pid : members.pids) procs << pid << '\n';
}

struct Connection {
  Fd client, server;
  peer::SocketTuple tuple;
};

Connection connect_to(int listener) {
  Connection made;
  socklen_t size = sizeof made.tuple.remote;
  getsockname(listener, reinterpret_cast<sockaddr*>(&made.tuple.remote), &size);
  made.client = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(made.client.raw(), reinterpret_cast<const sockaddr*>(&made.tuple.remote), size) != 0) exit(1);
  made.server = Fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  size = sizeof made.tuple.local;
  getsockname(made.client.raw(), reinterpret_cast<sockaddr*>(&made.tuple.local), &size);
  return made;
}

// Of this thread: the machine may have other work.
double cpu_microseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

void print(const char* what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  std::printf("%-34s median %9.1f us, p99 %9.1f us\n", what, times[times.size() / 2],
              times[times.size() * 99 / 100]);
}

bool measure(peer::Identifier& identifier, int listener, int rounds, const std::string& way) {
  Result<peer::SocketQuery> other = peer::SocketQuery::create();
  if (!other) return false;
  std::vector<double> queries, located, confirmed, rechecked;
  for (int round = 0; round < rounds; ++round) {
    const Connection connection = connect_to(listener);
    double start = cpu_microseconds();
    if (!other->find(connection.tuple)) return false;
    queries.push_back(cpu_microseconds() - start);
    peer::Failure failure;
    start = cpu_microseconds();
    const Result<peer::Located> who = identifier.locate(connection.tuple, failure);
    located.push_back(cpu_microseconds() - start);
    if (!who || who->pid != getpid()) return false;
    start = cpu_microseconds();
    if (!identifier.confirm(connection.tuple, *who)) return false;
    confirmed.push_back(cpu_microseconds() - start);
    start = cpu_microseconds();
    if (!identifier.confirm_owners(connection.tuple, *who)) return false;
    rechecked.push_back(cpu_microseconds() - start);
  }
  print("sock_diag query", queries);
  print((way + ": locate").c_str(), located);
  print((way + ": confirm, after hashing").c_str(), confirmed);
  print((way + ": confirm, nothing to hash").c_str(), rechecked);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const int processes = argc > 1 ? std::max(1, atoi(argv[1])) : 300,
            sockets = argc > 2 ? atoi(argv[2]) : 8000;
  const int rounds = argc > 3 ? std::max(1, atoi(argv[3])) : 50;
  Members members;
  Result<peer::Connects> connects = watch_connects(members);
  if (!connects) std::printf("no record of who connected: %s\n", connects.error().message.c_str());
  make_members(members, processes, sockets);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 16) != 0)
    return 1;

  std::printf("%d processes, %d sockets, %d connections\n", processes, sockets, rounds);
  const peer::Namespaces namespaces{own_namespace("/proc/self/ns/mnt"), own_namespace("/proc/self/ns/user")};
  Result<peer::SocketQuery> query = peer::SocketQuery::create();
  if (!query) return 1;
  peer::Identifier identifier(std::move(*query), {"bench", {members.directory}, namespaces});
  if (!measure(identifier, listener, rounds, "search")) return 1;
  if (!connects) return 0;
  identifier.use_connects(std::move(*connects));
  return measure(identifier, listener, rounds, "record") ? 0 : 1;
}
