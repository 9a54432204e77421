#include "proxy/dns/name_memory.h"

#include <algorithm>

namespace nemoclaw::dns {

namespace {

// ::ffff:a.b.c.d and a.b.c.d are one place.
asio::ip::address canonical(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address;
}

}  // namespace

std::deque<NameMemory::Known>& NameMemory::entry(const asio::ip::address& key, Time now) {
  if (names_.size() >= kAddressesMax && !names_.count(key)) make_room(now);
  return names_[key];
}

void NameMemory::restore(const asio::ip::address& address, const std::string& name, Time until) {
  std::deque<Known>& known = entry(canonical(address), Time());
  std::erase_if(known, [&](const Known& each) { return each.name == name; });
  known.push_front(Known{name, until, until});
  if (known.size() > kNamesMax) known.pop_back();
}

void NameMemory::remember(const asio::ip::address& address, const std::string& name, std::chrono::seconds ttl,
                          Time now) {
  const asio::ip::address key = canonical(address);
  std::deque<Known>& known = entry(key, now);
  const auto old =
      std::find_if(known.begin(), known.end(), [&](const Known& each) { return each.name == name; });
  const Time forgotten = std::max(now + ttl + kGrace, old == known.end() ? Time() : old->forgotten);
  // While what was told last still covers the answer's own time, it need not be told again.
  const bool is_news = old == known.end() || old->told < now + ttl;
  const Time told = is_news ? forgotten : old->told;
  if (old != known.end()) known.erase(old);
  known.push_front(Known{name, forgotten, told});
  if (known.size() > kNamesMax) known.pop_back();
  if (is_news && news_) news_(key, name, forgotten);
}

std::vector<std::string> NameMemory::names_of(const asio::ip::address& address, Time now) const {
  std::vector<std::string> names;
  const auto found = names_.find(canonical(address));
  if (found == names_.end()) return names;
  for (const Known& known : found->second)
    if (known.forgotten > now) names.push_back(known.name);
  return names;
}

// What is over goes; if nothing is, the one that ends first.
void NameMemory::make_room(Time now) {
  const auto newest = [](const auto& entry) {
    Time latest{};
    for (const Known& known : entry.second) latest = std::max(latest, known.forgotten);
    return latest;
  };
  for (auto each = names_.begin(); each != names_.end();)
    each = newest(*each) <= now ? names_.erase(each) : next(each);
  if (names_.size() < kAddressesMax) return;
  names_.erase(std::min_element(names_.begin(), names_.end(),
                                [&](const auto& a, const auto& b) { return newest(a) < newest(b); }));
}

}  // namespace nemoclaw::dns
