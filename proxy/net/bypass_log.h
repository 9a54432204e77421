// Packets that the fence rejected, as nfnetlink_log tells them: attempts to get out past the proxy.
#pragma once

#include <functional>
#include <optional>

#include "proxy/net/async.h"
#include "proxy/net/packet.h"
#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::net {

struct RejectedPacket {
  Packet packet;
  std::optional<uint32_t> uid;  // of the socket that sent it, if the kernel says so
};

// Subscribes to the group in the current network namespace; needs CAP_NET_ADMIN only here.
Result<Fd> open_bypass_log(uint16_t group);

// Reads until the descriptor fails; calls `report` for each packet that can be parsed.
Task<void> read_bypass_log(Fd log, std::function<void(const RejectedPacket&)> report);

}  // namespace nemoclaw::net
