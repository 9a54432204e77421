#include "proxy/peer/socket_query.h"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace nemoclaw::peer {

namespace {

void fill_end(const sockaddr_storage& address, __be32 (&words)[4], __be16& port) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    words[0] = v4.sin_addr.s_addr;
    port = v4.sin_port;
  } else {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    memcpy(words, &v6.sin6_addr, sizeof words);
    port = v6.sin6_port;
  }
}

int take_answer(const nlmsghdr* header, void* context) {
  if (mnl_nlmsg_get_payload_len(header) < sizeof(inet_diag_msg)) return MNL_CB_ERROR;
  const auto* message = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(header));
  auto* info = static_cast<SocketInfo*>(context);
  info->inode = message->idiag_inode;
  info->uid = message->idiag_uid;
  info->state = message->idiag_state;
  info->cookie = (uint64_t{message->id.idiag_cookie[1]} << 32) | message->id.idiag_cookie[0];
  return MNL_CB_STOP;
}

}  // namespace

Result<SocketQuery> SocketQuery::create() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
  if (!socket) return errno_error("sock_diag socket");
  SocketQuery query(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) return errno_error("bind the sock_diag socket");
  return query;
}

SocketQuery::SocketQuery(SocketQuery&& other) noexcept
    : socket_(std::exchange(other.socket_, nullptr)), sequence_(other.sequence_) {}

SocketQuery& SocketQuery::operator=(SocketQuery&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(sequence_, other.sequence_);
  return *this;
}

SocketQuery::~SocketQuery() {
  if (socket_) mnl_socket_close(socket_);
}

Result<SocketInfo> SocketQuery::find(const SocketTuple& tuple) {
  alignas(8) char buffer[2048];
  nlmsghdr* header = mnl_nlmsg_put_header(buffer);
  header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
  header->nlmsg_flags = NLM_F_REQUEST;
  header->nlmsg_seq = ++sequence_;
  auto* request =
      static_cast<inet_diag_req_v2*>(mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req_v2)));
  request->sdiag_family = static_cast<uint8_t>(tuple.local.ss_family);
  request->sdiag_protocol = static_cast<uint8_t>(tuple.protocol);
  request->idiag_states = ~0U;
  request->id.idiag_cookie[0] = request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  // The kernel's UDP lookup takes the two ends the other way round, "for historical reasons".
  const bool swapped = tuple.protocol == SocketTuple::IPPROTO_UDP_VALUE;
  fill_end(swapped ? tuple.remote : tuple.local, request->id.idiag_src, request->id.idiag_sport);
  fill_end(swapped ? tuple.local : tuple.remote, request->id.idiag_dst, request->id.idiag_dport);

  if (mnl_socket_sendto(socket_, header, header->nlmsg_len) < 0) return errno_error("sock_diag query");
  SocketInfo info;
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(socket_, buffer, sizeof buffer);
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno_error("sock_diag answer");
    }
    // An answer to an earlier query that was given up would be of another socket.
    if (reinterpret_cast<const nlmsghdr*>(buffer)->nlmsg_seq != sequence_) continue;
    if (mnl_cb_run(buffer, static_cast<size_t>(got), sequence_, mnl_socket_get_portid(socket_), take_answer,
                   &info) < 0)
      return errno_error("sock_diag");
    return info;
  }
}

}  // namespace nemoclaw::peer
