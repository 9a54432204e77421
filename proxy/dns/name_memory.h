// Which names the sandbox has been told that an address has, so that a connection to the address is judged by
// its name. The clock is an argument.
#pragma once

#include <asio/ip/address.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace nemoclaw::dns {

class NameMemory {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // An address is forgotten some minutes after the answer's time to live, because programs keep addresses
  // longer than they should.
  void remember(const asio::ip::address& address, const std::string& name, std::chrono::seconds ttl,
                Time now);
  // Newest first.
  std::vector<std::string> names_of(const asio::ip::address& address, Time now) const;
  size_t size() const { return names_.size(); }

 private:
  static constexpr std::chrono::minutes kGrace{10};
  static constexpr size_t kAddressesMax = 4096, kNamesMax = 16;  // per sandbox, per address
  struct Known {
    std::string name;
    Time forgotten;
  };
  void make_room(Time now);

  std::map<asio::ip::address, std::deque<Known>> names_;
};

}  // namespace nemoclaw::dns
