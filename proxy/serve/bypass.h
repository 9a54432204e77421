// Rejected packets, and refused names, to audit lines: the first attempt at once, repetitions counted and
// written once a second, so that a flood costs a line per second and destination, and at most a bounded
// number of destinations.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "proxy/enforce/caller.h"
#include "proxy/enforce/context.h"
#include "proxy/net/async.h"
#include "proxy/net/bypass_log.h"

namespace nemoclaw::serve {

class BypassAudit {
 public:
  explicit BypassAudit(enforce::Context& context) : context_(context) {}

  void report(const asio::any_io_executor& executor, const net::RejectedPacket& rejected);
  // `tuples`: what the sender's socket may be.
  void report(const asio::any_io_executor& executor, audit::Event event,
              std::vector<peer::SocketTuple> tuples);
  // Writes what was counted and forgets destinations that were quiet.
  void flush();

 private:
  // protocol, destination, port
  using Key = std::tuple<std::string, std::string, uint16_t>;
  struct Attempt {
    audit::Event event;
    uint64_t pending = 0;  // since the last line
  };
  void count(const audit::Event& event, uint64_t attempts);
  net::Task<void> flush_while_pending();
  net::Task<void> write_first(Key key, audit::Event event, std::vector<peer::SocketTuple> tuples);

  static constexpr size_t kDestinationsMax = 256;  // per second; a port scan is one line more
  enforce::Context& context_;
  std::map<Key, Attempt> attempts_;
  uint64_t overflow_ = 0;
  bool is_counting_ = false;
};

}  // namespace nemoclaw::serve
