// How much a peer may ask for that moves nothing: frames that carry nothing, and streams that are opened only
// to be thrown away. Generous to real clients, which ping and update windows with each message; what it
// stops is work without end. Pure but for what it counts.
#pragma once

#include <algorithm>
#include <chrono>

namespace nemoclaw::http2 {

class FloodGuard {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Each returns false when the peer has gone too far.
  bool take_frame(Time now) { return frames_.take(now); }
  bool lose_stream(Time now) { return streams_.take(now); }
  // Something useful went by, and frames about it are to be expected.
  void note_work() { frames_.add(10); }

 private:
  class Bucket {
   public:
    Bucket(double burst, double per_second) : burst_(burst), per_second_(per_second), tokens_(burst) {}
    bool take(Time now) {
      if (last_ != Time()) add(per_second_ * std::chrono::duration<double>(now - last_).count());
      last_ = now;
      if (tokens_ < 1) return false;
      tokens_ -= 1;
      return true;
    }
    void add(double tokens) { tokens_ = std::min(burst_, tokens_ + tokens); }

   private:
    double burst_, per_second_, tokens_;
    Time last_{};
  };

  Bucket frames_{10'000, 1'000};
  Bucket streams_{500, 50};
};

}  // namespace nemoclaw::http2
