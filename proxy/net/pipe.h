// Moves bytes from one socket to another inside the kernel (splice(2)).
#pragma once

#include <sys/types.h>

#include <memory>

#include "runtime/base/fd.h"

namespace nemoclaw::net {

class Pipe {
 public:
  static constexpr int kBytes = 256 << 10;
  // Null if there is none to be had: the bytes then go through a buffer.
  static std::unique_ptr<Pipe> create();

  size_t held() const { return held_; }
  // As splice(2) answers: bytes, 0 at the end of the stream, or -1 and errno.
  ssize_t take(int socket);
  ssize_t give(int socket);

 private:
  Fd out_, in_;
  size_t held_ = 0;
};

}  // namespace nemoclaw::net
