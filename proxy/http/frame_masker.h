// Masks secrets in a message that comes in frames, at whatever place of it the frames are cut. Lengths stay,
// so that the frames' headers stay true. No I/O.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/http/mask.h"

namespace nemoclaw::http {

class FrameMasker {
 public:
  explicit FrameMasker(std::shared_ptr<const MaskPatterns> patterns) : masker_(std::move(patterns)) {}

  // Of the message's payload. What may be the beginning of a secret waits for what follows.
  void add_content(std::string_view bytes, std::string& out);
  // What stands between: headers, control frames. Waits behind payload that waits. False: too much does.
  bool add_verbatim(std::string_view bytes, std::string& out);
  // The message is complete: nothing waits any more.
  void end(std::string& out);

 private:
  static constexpr size_t kWaitingMax = 64 << 10;
  void emit(std::string_view masked, std::string& out);

  Masker masker_;
  uint64_t came_ = 0, went_ = 0;                           // payload
  std::deque<std::pair<uint64_t, std::string>> waiting_;  // until that much payload went
  size_t waiting_bytes_ = 0;
};

}  // namespace nemoclaw::http
