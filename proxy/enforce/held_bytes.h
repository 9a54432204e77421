// Bodies that are read whole before they are judged lie in memory until they are sent: together no more than
// this, over all connections of the worker.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nemoclaw::enforce {

class BodyMemory {
 public:
  static constexpr size_t kMax = size_t{32} << 20;  // thrice that with copies; the proxy's cgroup has 256 MiB
  static constexpr const char* kFull =
      "too many requests at once whose bodies are read whole; send this one again when others are done";

  explicit BodyMemory(size_t max = kMax) : max_(max) {}
  bool take(size_t bytes) {
    if (bytes > max_ - held_) return false;
    held_ += bytes;
    return true;
  }
  void give_back(size_t bytes) { held_ -= bytes; }
  size_t held() const { return held_; }

 private:
  size_t max_, held_ = 0;
};

// One request's part of it.
class HeldBytes {
 public:
  explicit HeldBytes(BodyMemory& memory) : memory_(memory) {}
  ~HeldBytes() { memory_.give_back(held_); }
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;

  // False, and nothing changed, if there is no room for that many.
  bool grow_to(size_t bytes) {
    if (bytes <= held_) return true;
    if (!memory_.take(bytes - held_)) return false;
    held_ = bytes;
    return true;
  }

 private:
  BodyMemory& memory_;
  size_t held_ = 0;
};

}  // namespace nemoclaw::enforce
