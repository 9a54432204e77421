// A SOCK_SEQPACKET pair between two related processes: whole messages of a kind and a text, with descriptors
// if needed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw {

class Channel {
 public:
  struct Message {
    uint32_t kind = 0;
    std::string payload;  // at most payload_bytes_max
    std::vector<Fd> descriptors;
  };
  static constexpr size_t payload_bytes_max = 64 * 1024;
  static constexpr size_t descriptors_max = 32;

  Channel() = default;
  explicit Channel(Fd socket) : socket_(std::move(socket)) {}

  // A longer payload is cut: messages carry errors, and half an error is better than none.
  Result<void> send(uint32_t kind, std::string_view payload = {},
                    const std::vector<Fd>& descriptors = {}) const;
  // nullopt: the other end is closed.
  Result<std::optional<Message>> receive() const;

  FdRef fd() const { return socket_; }
  void close() { socket_.reset(); }

 private:
  Fd socket_;
};

struct ChannelPair {
  Channel parent, child;
};
Result<ChannelPair> make_channel_pair();

// One descriptor by SCM_RIGHTS with `text` as the message's data, on a connected AF_UNIX socket.
Result<void> send_descriptor(FdRef socket, FdRef descriptor, std::string_view text);
// The counterpart; the text is discarded.
Result<Fd> receive_descriptor(FdRef socket);

}  // namespace nemoclaw
