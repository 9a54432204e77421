// How much of a connection's window may be opened again. What came is given back at once, so that one stream
// whose reader sleeps does not stop the others; but not while more waits than the proxy wants to hold. Pure.
#pragma once

#include <cstddef>
#include <utility>

namespace nemoclaw::http2 {

class Credit {
 public:
  explicit Credit(size_t held_max) : held_max_(held_max) {}
  // Bytes came, or went on. Both return what is to be given back to the peer now.
  size_t hold(size_t bytes) {
    held_ += bytes;
    owed_ += bytes;
    return pay();
  }
  size_t release(size_t bytes) {
    held_ -= bytes;
    return pay();
  }

 private:
  size_t pay() { return held_ > held_max_ ? 0 : std::exchange(owed_, 0); }
  size_t held_max_, held_ = 0, owed_ = 0;
};

}  // namespace nemoclaw::http2
