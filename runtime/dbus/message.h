// D-Bus messages (D-Bus specification, "Message Format"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/dbus/value.h"

namespace nemoclaw::dbus {

enum class MessageType : uint8_t { Call = 1, Return = 2, Error = 3, Signal = 4 };

struct Message {
  MessageType type = MessageType::Call;
  uint32_t serial = 0, reply_serial = 0;
  std::string path, interface, member, error_name, destination;
  std::vector<Value> body;

  // The body's string at `index`, "" if it has none there: an error's text, a signal's argument.
  std::string body_text(size_t index) const;
};

std::string encode_message(const Message& message);

constexpr size_t kHeadBytes = 16;
constexpr size_t kMessageBytesMax = size_t{1} << 20;  // what a service manager answers is far below
// The length of a whole message from its first kHeadBytes bytes.
Result<size_t> message_length(std::string_view head);
// `data` is exactly one message.
Result<Message> decode_message(std::string_view data);

}  // namespace nemoclaw::dbus
