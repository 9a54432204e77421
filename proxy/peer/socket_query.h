// Which socket is at the other end: one exact sock_diag(7) query (about a microsecond; /proc/net/tcp would be
// a thousand times slower and ambiguous). Works in the network namespace in which it was created.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>

#include "runtime/base/result.h"

struct mnl_socket;

namespace nemoclaw::peer {

// As the owner's socket sees it: `local` is the caller's own end. For a connection that the fence redirected,
// `remote` is the original destination, because NAT rewrites packets and not sockets.
struct SocketTuple {
  int protocol = IPPROTO_TCP_VALUE;
  sockaddr_storage local = {}, remote = {};
  static constexpr int IPPROTO_TCP_VALUE = 6, IPPROTO_UDP_VALUE = 17;
};

struct SocketInfo {
  uint64_t inode = 0;   // 0: no process holds it any more
  uint32_t uid = 0;     // of its creator, as the kernel (init user namespace) sees it
  uint64_t cookie = 0;  // distinguishes this socket from a later one with the same tuple
  uint8_t state = 0;    // TCP_ESTABLISHED ...
};

class SocketQuery {
 public:
  static Result<SocketQuery> create();
  SocketQuery(SocketQuery&&) noexcept;
  SocketQuery& operator=(SocketQuery&&) noexcept;
  ~SocketQuery();

  // ENOENT: there is no such socket (any more).
  Result<SocketInfo> find(const SocketTuple& tuple);

 private:
  explicit SocketQuery(mnl_socket* socket) : socket_(socket) {}
  mnl_socket* socket_ = nullptr;
  uint32_t sequence_ = 0;
};

}  // namespace nemoclaw::peer
