#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ctl/doctor.h"
#include "runtime/base/fd.h"

namespace nemoclaw::ctl {
namespace {

// Asks for all listening TCP sockets: any answer but an error means that sockets can be looked up. 0 or an
// errno.
int query_sockets() {
  const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!socket.valid()) return errno;
  struct {
    nlmsghdr header;
    inet_diag_req_v2 request;
  } message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message.request.sdiag_family = AF_INET;
  message.request.sdiag_protocol = IPPROTO_TCP;
  message.request.idiag_states = 1U << 10;  // TCP_LISTEN
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  setsockopt(socket.raw(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (send(socket.raw(), &message, sizeof message, 0) < 0) return errno;
  alignas(nlmsghdr) char answer[8192];
  const ssize_t length = recv(socket.raw(), answer, sizeof answer, 0);
  if (length < static_cast<ssize_t>(sizeof(nlmsghdr))) return length < 0 ? errno : EPROTO;
  const auto* first = reinterpret_cast<const nlmsghdr*>(answer);
  if (first->nlmsg_type != NLMSG_ERROR) return 0;
  return -static_cast<const nlmsgerr*>(NLMSG_DATA(first))->error;
}

// In a child, because the namespace would stay with the caller.
int try_unshare(int flag) {
  const pid_t child = fork();
  if (child == 0) _exit(unshare(flag) == 0 ? 0 : errno & 0xff);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
}

Check namespaces() {
  const std::pair<int, const char*> kinds[] = {{CLONE_NEWNET, "network"},
                                               {CLONE_NEWNS, "mount"},
                                               {CLONE_NEWPID, "pid"},
                                               {CLONE_NEWIPC, "ipc"},
                                               {CLONE_NEWUTS, "uts"}};
  for (const auto& [flag, name] : kinds)
    if (const int failure = try_unshare(flag); failure != 0)
      return {"kernel", "namespaces", geteuid() == 0 ? Finding::Missing : Finding::Info,
              std::string(name) + ": " + strerror(failure),
              geteuid() == 0 ? "use a kernel with namespaces, and CAP_SYS_ADMIN"
                             : "run doctor as root to try namespaces"};
  return {"kernel", "namespaces", Finding::Fine, "network mount pid ipc uts", ""};
}

}  // namespace

Checks check_network() {
  Checks checks = {namespaces()};
  if (const int failure = query_sockets(); failure == 0)
    checks.push_back({"kernel", "socket queries", Finding::Fine, "sock_diag", ""});
  else
    checks.push_back({"kernel", "socket queries", Finding::Missing, strerror(failure),
                      "load inet_diag and tcp_diag: without them the proxy cannot tell who is calling"});
  return checks;
}

}  // namespace nemoclaw::ctl
