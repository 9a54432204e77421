#include "proxy/net/bypass_log.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <sys/socket.h>

#include <cerrno>

#include "runtime/base/log.h"

namespace nemoclaw::net {

namespace {

constexpr uint32_t kCopiedBytes = 128;  // headers only: what was in the packet is nobody's business

nlmsghdr* begin_config(char* buffer, uint16_t group) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer);
  header->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  auto* netfilter = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  netfilter->nfgen_family = AF_UNSPEC;
  netfilter->version = NFNETLINK_V0;
  netfilter->res_id = htons(group);
  return header;
}

Result<void> send_and_check(FdRef socket, const nlmsghdr* header) {
  if (send(socket.raw(), header, header->nlmsg_len, 0) < 0) return errno_error("nflog request");
  alignas(8) char answer[4096];
  const ssize_t got = recv(socket.raw(), answer, sizeof answer, 0);
  if (got < 0) return errno_error("nflog answer");
  if (mnl_cb_run(answer, static_cast<size_t>(got), 0, 0, nullptr, nullptr) < 0) return errno_error("nflog");
  return {};
}

int take_attribute(const nlattr* attribute, void* context) {
  auto* rejected = static_cast<std::pair<RejectedPacket, bool>*>(context);
  const uint16_t type = mnl_attr_get_type(attribute);
  if (type == NFULA_PAYLOAD) {
    const std::string_view payload(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                                   mnl_attr_get_payload_len(attribute));
    if (const std::optional<Packet> packet = parse_packet(payload)) {
      rejected->first.packet = *packet;
      rejected->second = true;
    }
  } else if (type == NFULA_UID && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0) {
    rejected->first.uid = ntohl(mnl_attr_get_u32(attribute));
  }
  return MNL_CB_OK;
}

int take_message(const nlmsghdr* header, void* context) {
  if (header->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET)) return MNL_CB_OK;
  std::pair<RejectedPacket, bool> rejected{};
  mnl_attr_parse(header, sizeof(nfgenmsg), take_attribute, &rejected);
  if (rejected.second) (*static_cast<std::function<void(const RejectedPacket&)>*>(context))(rejected.first);
  return MNL_CB_OK;
}

}  // namespace

Result<Fd> open_bypass_log(uint16_t group) {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket.valid()) return errno_error("nflog socket");
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  if (bind(socket.raw(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return errno_error("nflog bind");
  alignas(8) char buffer[1024] = {};  // padding between attributes goes to the kernel too
  nlmsghdr* header = begin_config(buffer, group);
  nfulnl_msg_config_cmd bind_command = {};
  bind_command.command = NFULNL_CFG_CMD_BIND;
  mnl_attr_put(header, NFULA_CFG_CMD, sizeof bind_command, &bind_command);
  TRY(send_and_check(socket, header));
  header = begin_config(buffer, group);
  nfulnl_msg_config_mode mode = {};
  mode.copy_range = htonl(kCopiedBytes);
  mode.copy_mode = NFULNL_COPY_PACKET;
  mnl_attr_put(header, NFULA_CFG_MODE, sizeof mode, &mode);
  mnl_attr_put_u32(header, NFULA_CFG_QTHRESH, htonl(1));  // at once: an audit line must not wait for company
  TRY(send_and_check(socket, header));
  return socket;
}

Task<void> read_bypass_log(Fd log, std::function<void(const RejectedPacket&)> report) {
  asio::posix::stream_descriptor descriptor(co_await asio::this_coro::executor, log.release());
  alignas(8) static char buffer[32 << 10];
  for (;;) {
    const auto [wait_code] =
        co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read, kTuple);
    if (wait_code) co_return;
    const ssize_t got = recv(descriptor.native_handle(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
      continue;  // ENOBUFS: some were dropped
    if (got < 0) {
      log::warning(errno_error("nflog").message);
      co_return;
    }
    mnl_cb_run(buffer, static_cast<size_t>(got), 0, 0, take_message, &report);
  }
}

}  // namespace nemoclaw::net
