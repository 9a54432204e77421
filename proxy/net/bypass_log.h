// Packets that the fence rejected, as nfnetlink_log tells them: attempts to get out past the proxy.
#pragma once

#include <functional>
#include <optional>

#include "proxy/net/async.h"
#include "proxy/net/packet.h"

namespace nemoclaw::net {

struct RejectedPacket {
  Packet packet;
  std::optional<uint32_t> uid;  // of the socket that sent it, if the kernel says so
};

// Reads a subscription of the holder's until the descriptor fails or is closed; calls `report` for each
// packet that can be parsed.
Task<void> read_bypass_log(std::shared_ptr<asio::posix::stream_descriptor> log,
                           std::function<void(const RejectedPacket&)> report);

}  // namespace nemoclaw::net
