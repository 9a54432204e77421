// Which names the sandbox has been told that an address has, so that a connection to the address is judged by
// its name. The clock is an argument.
#pragma once

#include <asio/ip/address.hpp>
#include <chrono>
#include <deque>
#include <functional>
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
  // What a memory before this one said; a time that is over is left out when names are asked for.
  void restore(const asio::ip::address& address, const std::string& name, Time until);
  // Told of what is new, and now and then of what stays, so that whoever writes it down can bring it back.
  using News = std::function<void(const asio::ip::address& address, const std::string& name, Time until)>;
  void on_news(News news) { news_ = std::move(news); }
  // Newest first.
  std::vector<std::string> names_of(const asio::ip::address& address, Time now) const;
  size_t size() const { return names_.size(); }

 private:
  static constexpr std::chrono::minutes kGrace{10};
  static constexpr size_t kAddressesMax = 4096, kNamesMax = 16;  // per sandbox, per address
  struct Known {
    std::string name;
    Time forgotten;
    Time told;  // until when, as of the last news
  };
  void make_room(Time now);
  std::deque<Known>& entry(const asio::ip::address& key, Time now);

  News news_;

  std::map<asio::ip::address, std::deque<Known>> names_;
};

}  // namespace nemoclaw::dns
