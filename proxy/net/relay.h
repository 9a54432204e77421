// Bytes both ways between two connected sockets until both ends are done.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "proxy/net/async.h"
#include "proxy/net/pipe.h"
#include "proxy/net/readiness.h"

namespace nemoclaw::net {

struct RelayBytes {
  uint64_t out = 0;  // client to origin
  uint64_t in = 0;
};

// An end of file is passed on as one (half-close); an error on one side resets the other, so that a cut
// stream never looks complete. Ends after `idle` without a byte in either direction. A slow reader stops its
// sender: at most one buffer is held per direction, and none while nothing is in flight.
//
// No coroutine: a tunnel that waits costs this object and one operation for each side.
class Relay {
 public:
  // Borrows the sockets. `finished` is called once, from the event loop; it may destroy the relay.
  Relay(tcp::socket& client, tcp::socket& origin, std::chrono::seconds idle, std::function<void()> finished);
  // `early`: what the client has sent already.
  void start(std::string early = {});
  const RelayBytes& bytes() const { return bytes_; }

 private:
  using Clock = std::chrono::steady_clock;

  // One direction. While both sides keep up, it is called for what has come, and passes it on at once.
  class Pump final : public Reader {
   public:
    Pump(Relay& relay, tcp::socket& from, tcp::socket& to, uint64_t& count)
        : relay_(relay), from_(from), to_(to), count_(count) {}
    void begin(std::string early);
    bool read_ready() override;
    bool is_done() const { return done_; }

   private:
    enum class Stop : uint8_t { Nothing, End, Broken, Full, Turn };
    void resume();
    bool pass_buffered();
    bool pass_bulk();
    bool stop(Stop why);
    void passed(size_t bytes);
    void stopped(const asio::error_code& code);
    void wait_for_room();
    void write_held(const asio::error_code& code);
    void end();

    Relay& relay_;
    tcp::socket& from_;
    tcp::socket& to_;
    uint64_t& count_;
    uint64_t turn_ = 0;
    int full_reads_ = 0;
    Stop stop_ = Stop::Nothing;
    bool done_ = false;
    std::string pending_;
    std::unique_ptr<Pipe> pipe_;  // while the stream is bulk
  };

  void reset();
  void watch();
  void pump_ended();

  tcp::socket& client_;
  tcp::socket& origin_;
  std::chrono::seconds idle_;
  std::function<void()> finished_;
  Clock::time_point last_byte_ = Clock::now();
  asio::steady_timer timer_;
  bool is_watched_ = true;
  RelayBytes bytes_;
  Pump out_{*this, client_, origin_, bytes_.out}, in_{*this, origin_, client_, bytes_.in};
};

}  // namespace nemoclaw::net
