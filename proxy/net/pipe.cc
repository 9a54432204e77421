#include "proxy/net/pipe.h"

#include <fcntl.h>
#include <unistd.h>

namespace nemoclaw::net {

namespace {
constexpr unsigned kFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
}

std::unique_ptr<Pipe> Pipe::create() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return nullptr;
  auto pipe = std::make_unique<Pipe>();
  pipe->out_ = Fd(ends[0]);
  pipe->in_ = Fd(ends[1]);
  (void)fcntl(ends[1], F_SETPIPE_SZ, kBytes);  // where a user may not have that much, it stays small
  return pipe;
}

ssize_t Pipe::take(int socket) {
  const ssize_t got = splice(socket, nullptr, in_.raw(), nullptr, kBytes, kFlags);
  if (got > 0) held_ += static_cast<size_t>(got);
  return got;
}

ssize_t Pipe::give(int socket) {
  const ssize_t put = splice(out_.raw(), nullptr, socket, nullptr, held_, kFlags);
  if (put > 0) held_ -= static_cast<size_t>(put);
  return put;
}

}  // namespace nemoclaw::net
