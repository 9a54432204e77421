#include "runtime/container/unix_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::container {

namespace {

Result<sockaddr_un> address_at(FdRef directory, const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = fd_path(directory) + "/" + name;
  if (path.size() >= sizeof address.sun_path) return errno_error("socket name " + quoted(name), ENAMETOOLONG);
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<Fd> make_socket() {
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_error("socket");
  return fd;
}

}  // namespace

Result<Fd> listen_at(FdRef directory, const std::string& name) {
  const sockaddr_un address = TRY(address_at(directory, name));
  Fd fd = TRY(make_socket());
  if (bind(fd.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error("bind " + quoted(name));
  if (listen(fd.raw(), 1) != 0) return errno_error("listen on " + quoted(name));
  return fd;
}

Result<Fd> connect_at(FdRef directory, const std::string& name) {
  const sockaddr_un address = TRY(address_at(directory, name));
  Fd fd = TRY(make_socket());
  while (connect(fd.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    if (errno != EINTR) return errno_error("connect to " + quoted(name));
  return fd;
}

Result<Fd> connect_path(const std::string& path) {
  Fd directory = TRY(open_file(directory_name(path), O_PATH | O_DIRECTORY));
  return TRY_CONTEXT(connect_at(directory, std::string(base_name(path))), quoted(path));
}

Result<SocketPair> make_socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno_error("socketpair");
  SocketPair pair;
  pair.ours = Fd(ends[0]);
  pair.theirs = Fd(ends[1]);
  return pair;
}

}  // namespace nemoclaw::container
