// What it costs to find out who is calling: a new connection each time, in a sandbox of many processes that
// hold many sockets. Prints microseconds of CPU time; `identity [PROCESSES] [SOCKETS] [ROUNDS]`.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
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

using namespace nemoclaw;

namespace {

struct Members {
  std::string directory;
  std::vector<pid_t> pids;
  ~Members() {
    for (const pid_t pid : pids) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    static_cast<void>(remove_tree(directory));
  }
};

// Each child holds its share of the sockets and waits.
void make_members(Members& members, int processes, int sockets) {
  char pattern[] = "/tmp/identity-bench-XXXXXX";
  members.directory = mkdtemp(pattern);
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
  std::printf("%-28s median %9.1f us, p99 %9.1f us\n", what, times[times.size() / 2],
              times[times.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
  const int processes = argc > 1 ? std::max(1, atoi(argv[1])) : 300,
            sockets = argc > 2 ? atoi(argv[2]) : 8000;
  const int rounds = argc > 3 ? std::max(1, atoi(argv[3])) : 50;
  Members members;
  make_members(members, processes, sockets);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 16) != 0)
    return 1;

  Result<peer::SocketQuery> query = peer::SocketQuery::create();
  Result<peer::SocketQuery> other = peer::SocketQuery::create();
  if (!query || !other) return 1;
  peer::Identifier identifier(std::move(*query), {"bench", {members.directory}});
  std::vector<double> queries, located, confirmed, rechecked;
  for (int round = 0; round < rounds; ++round) {
    const Connection connection = connect_to(listener);
    double start = cpu_microseconds();
    if (!other->find(connection.tuple)) return 1;
    queries.push_back(cpu_microseconds() - start);
    peer::Failure failure;
    start = cpu_microseconds();
    const Result<peer::Located> who = identifier.locate(connection.tuple, failure);
    located.push_back(cpu_microseconds() - start);
    if (!who || who->pid != getpid()) return 1;
    start = cpu_microseconds();
    if (!identifier.confirm(connection.tuple, *who)) return 1;
    confirmed.push_back(cpu_microseconds() - start);
    start = cpu_microseconds();
    if (!identifier.confirm_owners(connection.tuple, *who)) return 1;
    rechecked.push_back(cpu_microseconds() - start);
  }
  std::printf("%d processes, %d sockets, %d connections\n", processes, sockets, rounds);
  print("sock_diag query", queries);
  print("locate", located);
  print("confirm, after hashing", confirmed);
  print("confirm, nothing to hash", rechecked);
  return 0;
}
