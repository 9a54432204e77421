#include "proxy/holder/sockets.h"

#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/numbers.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::holder {

namespace {

// What listens on 127.0.0.1 and [::1]. The worker finds its part by the name (proxy/serve/services.cc).
struct Listener {
  const char* name;
  int type;
  uint16_t port;
};
constexpr Listener kListeners[] = {
    {"explicit", SOCK_STREAM, net::kExplicitPort},
    {"captured", SOCK_STREAM, net::kCapturedPort},
    {"names", SOCK_STREAM, net::kNamesPort},
    {"names-udp", SOCK_DGRAM, net::kNamesPort},
};

constexpr int kBacklog = 256;  // what a restart of the worker does not lose

bool set_flag(int raw, int level, int name) {
  const int on = 1;
  return setsockopt(raw, level, name, &on, sizeof on) == 0;
}

// The control socket belongs to the host's network namespace: /proc/net/unix shows the processes of a network
// namespace the paths of all sockets that were made in it, and the sandbox is not to see its proxy. The
// namespace's descriptor is closed here, before the first byte from the sandbox is read.
Result<Fd> listen_control_outside(const std::string& path, Fd host_net) {
  if (!host_net.valid()) return listen_control(path);
  Fd own = TRY(open_file("/proc/self/ns/net", O_RDONLY));
  if (setns(host_net.raw(), CLONE_NEWNET) != 0) return errno_error("enter the host's network namespace");
  Result<Fd> listener = listen_control(path);
  if (setns(own.raw(), CLONE_NEWNET) != 0) return errno_error("return to the sandbox's network namespace");
  return listener;
}

}  // namespace

Result<Fd> listen_on_loopback(int family, int type, uint16_t port) {
  const bool v6 = family == AF_INET6;
  sockaddr_in6 six = {};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  six.sin6_addr = IN6ADDR_LOOPBACK_INIT;
  sockaddr_in four = {};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string what =
      std::string("listen on ") + (v6 ? "::1" : "127.0.0.1") + " port " + std::to_string(port);
  Fd fd(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno_error(what);
  if ((type == SOCK_STREAM && !set_flag(fd.raw(), SOL_SOCKET, SO_REUSEADDR)) ||
      !set_flag(fd.raw(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND) ||
      (v6 && !set_flag(fd.raw(), IPPROTO_IPV6, IPV6_V6ONLY)))
    return errno_error(what);
  const int code = v6 ? bind(fd.raw(), reinterpret_cast<const sockaddr*>(&six), sizeof six)
                      : bind(fd.raw(), reinterpret_cast<const sockaddr*>(&four), sizeof four);
  if (code != 0) return errno_error(what);
  if (type == SOCK_STREAM && listen(fd.raw(), kBacklog) != 0) return errno_error(what);
  return fd;
}

bool has_ipv6() {
  const Fd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd.valid() || errno != EAFNOSUPPORT;
}

Result<Fd> listen_control(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return make_error("the path of the control socket is too long: " + path);
  memcpy(address.sun_path, path.data(), path.size());
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno_error("control socket");
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove the old " + quoted(path));
  // The mode of a socket file counts from bind(2) on: a chmod afterwards would leave a gap.
  const mode_t before = umask(0177);
  const int code = bind(fd.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int bind_errno = errno;
  umask(before);
  if (code != 0) return errno_error("bind " + quoted(path), bind_errno);
  if (listen(fd.raw(), 16) != 0) return errno_error("listen on " + quoted(path));
  return fd;
}

Result<Fd> open_audit(const std::string& file, uid_t uid, gid_t gid) {
  TRY(make_directories(std::string(directory_name(file)), 0750));
  Fd fd = TRY(open_file(file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0640));
  if (fchown(fd.raw(), uid, gid) != 0) return errno_error("give the audit file to the proxy's user");
  return fd;
}

Result<std::vector<Fd>> open_trust_files(const std::string& sandbox_directory) {
  constexpr int kAppend = O_WRONLY | O_APPEND | O_NOFOLLOW;
  const std::string trust = sandbox_directory + "/trust";
  TRY(make_directories(trust, 0755));
  std::vector<Fd> files;
  for (const std::string& container : TRY(list_directory(trust))) {
    if (!file_exists(trust + "/" + container + "/ca.pem")) continue;
    for (const std::string& name : TRY(list_directory(trust + "/" + container)))
      files.push_back(TRY(open_file(trust + "/" + container + "/" + name, kAppend)));
  }
  // Last: the runtime takes ca.pem for the sign that everything is there.
  for (const char* name : {"/truststore.p12", "/ca.pem"})
    files.push_back(TRY(open_file(trust + name, kAppend | O_CREAT, 0644)));
  return files;
}

Result<Fd> make_state() {
  Fd fd(memfd_create("nemoclaw-proxy-state", MFD_CLOEXEC));
  if (!fd.valid() || fcntl(fd.raw(), F_SETFL, O_APPEND) != 0) return errno_error("the state of the workers");
  return fd;
}

Result<Sockets> open_sockets(SocketsPlan plan, std::string& warning) {
  Sockets sockets;
  const bool v6 = has_ipv6();
  for (const Listener& each : kListeners) {
    sockets.push_back({each.name, TRY(listen_on_loopback(AF_INET, each.type, each.port))});
    if (v6) sockets.push_back({each.name, TRY(listen_on_loopback(AF_INET6, each.type, each.port))});
  }
  sockets.push_back({"control", TRY(listen_control_outside(plan.sandbox_directory + "/control.sock",
                                                           std::move(plan.host_net)))});
  sockets.push_back({"audit", TRY_CONTEXT(open_audit(plan.audit_file, plan.uid, plan.gid), "audit")});
  sockets.push_back({"state", TRY(make_state())});
  for (Fd& file : TRY_CONTEXT(open_trust_files(plan.sandbox_directory), "trust files"))
    sockets.push_back({"trust", std::move(file)});
  Result<Fd> nflog = subscribe_nflog(net::kBypassLogGroup);
  // The fence rejects such packets all the same; only the audit does not see them.
  if (nflog)
    sockets.push_back({"nflog", std::move(*nflog)});
  else
    warning = "attempts to bypass the proxy will not be audited: " + nflog.error().message;
  return sockets;
}

}  // namespace nemoclaw::holder
