// AF_UNIX sockets by path (sun_path holds only 108 bytes, state and bundle paths are longer: everything goes
// through /proc/self/fd/<directory>/<name>) and descriptors sent over them.
#pragma once

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::container {

Result<Fd> listen_at(FdRef directory, const std::string& name);
Result<Fd> connect_at(FdRef directory, const std::string& name);
Result<Fd> connect_path(const std::string& path);

// A connected pair, both CLOEXEC.
struct SocketPair {
  Fd ours, theirs;
};
Result<SocketPair> make_socket_pair();

}  // namespace nemoclaw::container
