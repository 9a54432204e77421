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

Task<void> read_bypass_log(std::shared_ptr<asio::posix::stream_descriptor> log,
                           std::function<void(const RejectedPacket&)> report) {
  alignas(8) static char buffer[32 << 10];
  for (;;) {
    const auto [wait_code] = co_await log->async_wait(asio::posix::stream_descriptor::wait_read, kTuple);
    if (wait_code) co_return;
    const ssize_t got = recv(log->native_handle(), buffer, sizeof buffer, MSG_DONTWAIT);
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
