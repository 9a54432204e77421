// The subscription to a group of nfnetlink_log, in three messages to the kernel.
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "proxy/holder/sockets.h"

namespace nemoclaw::holder {

namespace {

constexpr uint32_t kCopiedBytes = 128;  // headers only: what was in the packet is nobody's business

// One configuration request; attributes are padded with zeros, which go to the kernel too.
struct Request {
  alignas(4) char bytes[256] = {};
  size_t size = sizeof(nlmsghdr) + sizeof(nfgenmsg);

  explicit Request(uint16_t group) {
    nfgenmsg netfilter = {};
    netfilter.nfgen_family = AF_UNSPEC;
    netfilter.version = NFNETLINK_V0;
    netfilter.res_id = htons(group);
    memcpy(bytes + sizeof(nlmsghdr), &netfilter, sizeof netfilter);
  }
  template <typename T>
  void put(uint16_t type, const T& value) {
    const nlattr header = {static_cast<uint16_t>(sizeof(nlattr) + sizeof value), type};
    memcpy(bytes + size, &header, sizeof header);
    memcpy(bytes + size + sizeof header, &value, sizeof value);
    size += NLA_ALIGN(sizeof header + sizeof value);
  }
};

Result<void> send_and_check(FdRef socket, Request& request) {
  nlmsghdr header = {};
  header.nlmsg_len = static_cast<uint32_t>(request.size);
  header.nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  memcpy(request.bytes, &header, sizeof header);
  if (send(socket.raw(), request.bytes, request.size, 0) < 0) return errno_error("nflog request");
  alignas(8) char answer[4096];
  const ssize_t got = recv(socket.raw(), answer, sizeof answer, 0);
  if (got < 0) return errno_error("nflog answer");
  nlmsgerr error = {};
  if (static_cast<size_t>(got) < sizeof(nlmsghdr) + sizeof error) return make_error("nflog: a short answer");
  memcpy(&header, answer, sizeof header);
  memcpy(&error, answer + sizeof header, sizeof error);
  if (header.nlmsg_type != NLMSG_ERROR) return make_error("nflog: an answer that is none");
  if (error.error != 0) return errno_error("nflog", -error.error);
  return {};
}

}  // namespace

Result<Fd> subscribe_nflog(uint16_t group) {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket.valid()) return errno_error("nflog socket");
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  if (bind(socket.raw(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return errno_error("nflog bind");
  Request subscribe(group);
  nfulnl_msg_config_cmd command = {};
  command.command = NFULNL_CFG_CMD_BIND;
  subscribe.put(NFULA_CFG_CMD, command);
  TRY(send_and_check(socket, subscribe));
  Request configure(group);
  nfulnl_msg_config_mode mode = {};
  mode.copy_range = htonl(kCopiedBytes);
  mode.copy_mode = NFULNL_COPY_PACKET;
  configure.put(NFULA_CFG_MODE, mode);
  // At once: an audit line must not wait for company.
  configure.put(NFULA_CFG_QTHRESH, htonl(1));
  TRY(send_and_check(socket, configure));
  return socket;
}

}  // namespace nemoclaw::holder
