#include "runtime/container/notify_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "runtime/base/channel.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"

namespace nemoclaw::container {

namespace {

constexpr char kInside[] = "/run/notify";
constexpr char kSocketName[] = "notify.sock";
constexpr int kBarrierTimeoutMs = 5000;

struct Address {
  sockaddr_un name = {};
  socklen_t length = 0;
  const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&name); }
};

Result<Address> address_of(const std::string& path) {
  Address address;
  address.name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.name.sun_path)
    return errno_error("socket " + quoted(path), ENAMETOOLONG);
  memcpy(address.name.sun_path, path.data(), path.size());
  const bool abstract = path[0] == '@';
  if (abstract) address.name.sun_path[0] = '\0';
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  return address;
}

Result<Fd> datagram_socket() {
  Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno_error("socket");
  return fd;
}

// The manager finds the sender's service by its pid: we must not be gone before it has looked (sd_notify_barrier(3)).
Result<void> wait_for_manager(FdRef connection) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe");
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  TRY(send_descriptor(connection, theirs, "BARRIER=1"));
  theirs.reset();
  pollfd entry = {ours.raw(), POLLIN, 0};
  int ready;
  do ready = poll(&entry, 1, kBarrierTimeoutMs);
  while (ready < 0 && errno == EINTR);
  return ready == 0 ? Result<void>(make_error("no answer to BARRIER=1")) : Result<void>();
}

Result<void> tell_manager(const std::string& manager, pid_t pid) {
  const Address address = TRY(address_of(manager));
  const Fd connection = TRY(datagram_socket());
  if (connect(connection.raw(), address.generic(), address.length) != 0) return errno_error("connect");
  for (const std::string& message : {std::string("READY=1\n"), format("MAINPID=%d", pid)})
    if (send(connection.raw(), message.data(), message.size(), MSG_NOSIGNAL) < 0) return errno_error("send");
  return wait_for_manager(connection);
}

}  // namespace

void add_notify_socket(oci::Spec& spec, const std::string& state_directory) {
  oci::Mount mount;
  mount.destination = kInside;
  mount.type = "bind";
  mount.source = state_directory + "/" + kNotifyDirectory;
  mount.options = {"bind", "nosuid", "noexec", "nodev", "ro"};
  spec.mounts.push_back(std::move(mount));
  if (spec.process) spec.process->env.push_back(format("NOTIFY_SOCKET=%s/%s", kInside, kSocketName));
}

bool says_ready(std::string_view message) {
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    if (line == "READY=1") return true;
    message.remove_prefix(std::min(message.size(), line.size() + 1));
  }
  return false;
}

Result<void> NotifySocket::make_directory(const std::string& state_directory) {
  const std::string path = state_directory + "/" + kNotifyDirectory;
  // Any user of the container's may reach the socket; what is outside of the folder stays closed.
  if (mkdir(path.c_str(), 0755) != 0 || chmod(path.c_str(), 0755) != 0) return errno_error("mkdir " + quoted(path));
  return {};
}

Result<NotifySocket> NotifySocket::listen(const std::string& state_directory, const std::string& manager) {
  NotifySocket made;
  Result<Fd> folder = open_file(state_directory + "/" + kNotifyDirectory, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!folder && folder.error().errno_value == ENOENT) return made;
  if (!folder) return std::move(folder).error();
  const Address address = TRY(address_of(fd_path(*folder) + "/" + kSocketName));
  Fd socket = TRY(datagram_socket());
  unlinkat(folder->raw(), kSocketName, 0);
  if (bind(socket.raw(), address.generic(), address.length) != 0) return errno_error("bind the notify socket");
  if (fchmodat(folder->raw(), kSocketName, 0777, 0) != 0) return errno_error("chmod the notify socket");
  made.socket_ = std::move(socket);
  made.manager_ = manager;
  return made;
}

void NotifySocket::forward(pid_t pid) {
  char buffer[4096];
  for (;;) {
    const ssize_t got = recv(socket_.raw(), buffer, sizeof buffer, 0);
    if (got < 0) return;  // nothing more for now
    if (!says_ready({buffer, static_cast<size_t>(got)})) continue;
    if (const Result<void> told = tell_manager(manager_, pid); !told)
      log::warning("NOTIFY_SOCKET " + quoted(manager_) + ": " + told.error().message);
    socket_.reset();
    return;
  }
}

Result<void> NotifySocket::wait(pid_t pid, FdRef pidfd) {
  while (valid()) {
    pollfd entries[2] = {{socket_.raw(), POLLIN, 0}, {pidfd.raw(), POLLIN, 0}};
    if (poll(entries, 2, -1) < 0 && errno != EINTR) return errno_error("poll");
    if (entries[0].revents != 0) forward(pid);
    if (entries[1].revents != 0) return {};
  }
  return {};
}

}  // namespace nemoclaw::container
