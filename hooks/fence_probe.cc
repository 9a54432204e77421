#include "hooks/fence_probe.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace nemoclaw::hooks {
namespace {

constexpr uid_t kNobody = 65534;
// A captured connection is refused at once, an escaped one hangs; long enough for one repeated SYN on a busy
// node.
constexpr int kConnectWaitMs = 2'000;
constexpr uint32_t kMark = 0x4e43;

struct Target {
  const char* address;
  uint16_t port;
  bool by_fence;  // refused by a rule of the fence even without a route: the errno must be the fence's
};
constexpr Target kUdpTargets[] = {
    {"127.0.0.11", 54, true}, {"192.0.2.1", 9, false}, {"2001:db8::1", 9, false}};
constexpr Target kTcpTargets[] = {
    {"127.0.0.11", 54, true}, {"127.0.0.11", 53, false}, {"192.0.2.1", 9, false}, {"2001:db8::1", 9, false}};
constexpr Target kNameServers[] = {
    {"127.0.0.11", 53, false}, {"192.0.2.1", 53, false}, {"2001:db8::1", 53, false}};

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address address_of(const Target& target) {
  Address address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, target.address, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(target.port);
    address.length = sizeof *four;
  } else {
    inet_pton(AF_INET6, target.address, &six->sin6_addr);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(target.port);
    address.length = sizeof *six;
  }
  return address;
}

// A kernel without IPv6 gives no socket: nothing to prove there.
Fd open_socket(const Address& address, int type) {
  return Fd(socket(address.storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

std::string try_mark() {
  Fd socket = open_socket(address_of(kUdpTargets[0]), SOCK_DGRAM);
  if (!socket.valid()) return "a socket cannot be opened: " + std::string(strerror(errno));
  if (setsockopt(socket.raw(), SOL_SOCKET, SO_MARK, &kMark, sizeof kMark) == 0)
    return "an unprivileged process can set the proxy's socket mark";
  return "";
}

std::string try_udp(const Target& target) {
  const Address address = address_of(target);
  Fd socket = open_socket(address, SOCK_DGRAM);
  if (!socket.valid()) return "";
  if (sendto(socket.raw(), "probe", 5, 0, address.get(), address.length) >= 0)
    return format("a UDP packet to %s port %u was sent", target.address, target.port);
  // EPERM is the verdict of a filter; anything else would mean that the packet never met the fence.
  if (target.by_fence && errno != EPERM)
    return format("a UDP packet to %s was not stopped by the fence: %s", target.address, strerror(errno));
  return "";
}

// A question for a name goes to where the proxy will listen, and nobody does yet: the kernel says so at once.
// Silence would mean that it has left, an answer that somebody else gave it.
std::string try_name_server(const Target& target) {
  const Address address = address_of(target);
  Fd socket = open_socket(address, SOCK_DGRAM);
  if (!socket.valid()) return "";
  // Without a route it does not even come to the fence.
  if (connect(socket.raw(), address.get(), address.length) != 0) return "";
  if (send(socket.raw(), "probe", 5, 0) < 0) return "";
  pollfd waiting{socket.raw(), POLLIN, 0};
  char byte = 0;
  if (poll(&waiting, 1, kConnectWaitMs) > 0 && recv(socket.raw(), &byte, 1, 0) < 0) return "";
  return format("a question to the name server %s was not redirected to the proxy", target.address);
}

std::string try_tcp(const Target& target) {
  const Address address = address_of(target);
  Fd socket = open_socket(address, SOCK_STREAM);
  if (!socket.valid()) return "";
  const std::string who = format("a TCP connection to %s port %u", target.address, target.port);
  if (connect(socket.raw(), address.get(), address.length) == 0) return who + " was opened";
  if (errno != EINPROGRESS) return "";
  pollfd waiting{socket.raw(), POLLOUT, 0};
  if (poll(&waiting, 1, kConnectWaitMs) <= 0) return who + " was neither captured nor refused";
  int failure = 0;
  socklen_t length = sizeof failure;
  getsockopt(socket.raw(), SOL_SOCKET, SO_ERROR, &failure, &length);
  if (failure == 0) return who + " was opened";
  return "";
}

std::string attempt_everything() {
  // Groups first, and the user last: after it the right to change the others is gone, and with it all
  // capabilities.
  if (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0 ||
      setresuid(kNobody, kNobody, kNobody) != 0)
    return "the probe cannot give up root: " + std::string(strerror(errno));
  std::string found = try_mark();
  for (const Target& target : kUdpTargets)
    if (found.empty()) found = try_udp(target);
  for (const Target& target : kNameServers)
    if (found.empty()) found = try_name_server(target);
  for (const Target& target : kTcpTargets)
    if (found.empty()) found = try_tcp(target);
  return found;
}

}  // namespace

Result<void> probe_fence() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe");
  Fd reader(ends[0]), writer(ends[1]);
  const pid_t child = fork();
  if (child < 0) return errno_error("fork the probe");
  if (child == 0) {
    const std::string found = attempt_everything();
    (void)write_all(writer, found.empty() ? "proven" : found);
    _exit(0);
  }
  writer.reset();
  Result<std::string> answer = read_all(reader, 4096);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!answer) return std::move(answer).error().with_context("the probe of the fence");
  if (*answer == "proven" && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return make_error("the fence does not hold: " + (answer->empty() ? "the probe died" : *answer));
}

}  // namespace nemoclaw::hooks
