// Connections to origins that nobody uses between two requests: the next request of the same caller to the
// same destination takes one instead of making its own. Never anybody else's: a connection may have been told
// who is at its other end. Counts, and looks at sockets; the time is an argument.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/enforce/connection.h"
#include "proxy/net/stream.h"

namespace nemoclaw::enforce {

// One connection to an origin, whoever has it at the moment.
struct OriginLink {
  explicit OriginLink(net::tcp::socket connected) : socket(std::move(connected)) {}

  net::tcp::socket socket;
  std::unique_ptr<net::Stream> stream;  // over the socket
  asio::ip::address address;            // judged; the socket may lead to a proxy
  std::string profile;                  // how it is spoken: plain, or TLS and what was offered in ALPN
  std::string alpn;                     // what the origin chose
  uint64_t generation = 0;              // of the policy under which it was made
  bool was_used = false;                // before the request that has it now
  std::chrono::seconds patience{30};    // the origin keeps it for at least that long
  std::chrono::steady_clock::time_point idle_since{};
};

// Everything that two callers must have in common: container, policy generation, destination, user, program,
// hash, script, and all of that of their ancestors. What the policy makes of a connection (entry, credentials)
// follows from it. The process is not in it: the same program run again is the same caller.
std::string origin_key(const Container& container, const policy::L4Request& request,
                       const std::optional<uint32_t>& uid);

class IdleOrigins {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Addresses = std::vector<asio::ip::address>;

  // While they were used a moment ago, many may wait: their clients come back at once. Then few do.
  static constexpr size_t kMax = 256, kResting = 32, kRestingPerKey = 8;
  static constexpr std::chrono::seconds kBusy{2}, kLife{30};

  void put(const std::string& key, std::unique_ptr<OriginLink> link, Time now);
  // The one that was used last, at an address that was judged now, and of which nothing has come: whatever an
  // origin says unasked could be taken for the next answer. Null: there is none. `idle_max`: none older.
  std::unique_ptr<OriginLink> take(const std::string& key, const Addresses& judged, std::string_view profile,
                                   std::chrono::seconds idle_max, Time now);
  // Where one of any profile leads to that take() would give.
  std::optional<asio::ip::address> find(const std::string& key, const Addresses& judged, Time now);
  // All of a container: its policy is another one now, or it is gone.
  void drop(const std::string& container);
  // Those that are too old, ended by the origin, or too many.
  void trim(Time now);
  size_t size() const { return size_; }

 private:
  using Bucket = std::vector<std::unique_ptr<OriginLink>>;  // the oldest first
  void wake_later();
  void drop_oldest(Time older_than);

  std::unordered_map<std::string, Bucket> buckets_;
  size_t size_ = 0;
  std::unique_ptr<asio::steady_timer> timer_;
  bool is_timed_ = false;
};

}  // namespace nemoclaw::enforce
