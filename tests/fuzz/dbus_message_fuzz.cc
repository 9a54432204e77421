// What a bus sends: any service on it may choose the bytes of a signal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/dbus/connection.h"
#include "runtime/dbus/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)dbus::unix_paths(bytes);
  const Result<dbus::Message> message = dbus::decode_message(bytes);
  if (!message) return 0;
  const Result<dbus::Message> again = dbus::decode_message(dbus::encode_message(*message));
  if (!again || again->body != message->body || again->member != message->member) abort();
  return 0;
}
