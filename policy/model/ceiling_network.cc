// Which endpoints and rules a ceiling leaves. Says "cut" and "within" only where that is certain.
#include <algorithm>

#include "policy/model/address.h"
#include "policy/model/ceiling.h"
#include "policy/model/coverage.h"
#include "policy/model/host.h"
#include "policy/model/path_glob.h"

namespace nemoclaw::policy {
namespace {

bool is_plain(const Endpoint& endpoint) {
  return endpoint.path.empty() && (endpoint.protocol == Protocol::L4 || endpoint.protocol == Protocol::Tcp);
}

// The bytes that every path of a pattern starts with.
std::string_view fixed_start(std::string_view pattern) {
  return pattern.substr(0, std::min(pattern.find_first_of("*?[{%"), pattern.size()));
}

bool paths_may_meet(std::string_view a, std::string_view b) {
  const std::string_view start_a = fixed_start(a), start_b = fixed_start(b);
  const size_t common = std::min(start_a.size(), start_b.size());
  return start_a.substr(0, common) == start_b.substr(0, common);
}

bool methods_may_meet(const std::string& a, const std::string& b) {
  return method_covers(a, b) || method_covers(b, a);
}

bool access_may_meet(Access access, const std::string& method) {
  return method == "*" ? access != Access::None : access_covers(access, method);
}

bool binary_covers(const Binary& wide, const Binary& narrow) {
  if (wide.script != narrow.script) return false;
  if (!wide.via.empty() && wide.via != narrow.via) return false;
  if (!wide.sha256.empty() && wide.sha256 != narrow.sha256) return false;
  return wide.path == narrow.path ||
         (PathGlob(narrow.path).is_exact() && PathGlob(wide.path).matches(narrow.path));
}

bool binaries_cover(const NetworkEntry& wide, const NetworkEntry& narrow) {
  if (!wide.binaries) return true;
  return narrow.binaries &&
         std::all_of(narrow.binaries->begin(), narrow.binaries->end(), [&](const Binary& mine) {
           return std::any_of(wide.binaries->begin(), wide.binaries->end(),
                              [&](const Binary& theirs) { return binary_covers(theirs, mine); });
         });
}

bool hosts_may_meet(const Endpoint& a, const Endpoint& b) {
  if (a.host.empty() || b.host.empty()) return true;
  const auto first = HostPattern::parse(a.host), second = HostPattern::parse(b.host);
  return first && second && first->overlaps(*second);
}

bool host_covers(const Endpoint& wide, const Endpoint& narrow) {
  if (wide.host.empty() || narrow.host.empty()) return wide.host.empty();
  const auto first = HostPattern::parse(wide.host), second = HostPattern::parse(narrow.host);
  return first && second && first->covers(*second);
}

bool ports_cover(const Endpoint& wide, const Endpoint& narrow) {
  return std::all_of(narrow.ports.begin(), narrow.ports.end(), [&](uint16_t port) {
    return std::find(wide.ports.begin(), wide.ports.end(), port) != wide.ports.end();
  });
}

bool rule_may_pass(const Endpoint& ceiling, const Rule& rule) {
  const bool by_method = ceiling.protocol == Protocol::Rest || ceiling.protocol == Protocol::WebSocket;
  if (!by_method || rule.path.empty()) return true;
  if (!ceiling.path.empty() && !is_every_path(ceiling.path) && !paths_may_meet(ceiling.path, rule.path))
    return false;
  if (access_may_meet(ceiling.access, rule.method)) return true;
  return std::any_of(ceiling.rules.begin(), ceiling.rules.end(), [&](const Rule& each) {
    return methods_may_meet(each.method, rule.method) && paths_may_meet(each.path, rule.path);
  });
}

std::string name_of(const Endpoint& endpoint) {
  std::string text = endpoint.host.empty() ? "any host" : endpoint.host;
  for (size_t i = 0; i < endpoint.ports.size() && i < 4; ++i)
    text += (i ? "," : ":") + std::to_string(endpoint.ports[i]);
  return text + (endpoint.ports.size() > 4 ? ",..." : "");
}

std::string lines_of(const std::vector<const Endpoint*>& endpoints) {
  std::string text;
  for (size_t i = 0; i < endpoints.size() && i < 4; ++i)
    text += (i ? ", " : "") + std::to_string(endpoints[i]->at.line);
  return (endpoints.size() == 1 ? "line " : "lines ") + text + (endpoints.size() > 4 ? ", ..." : "");
}

class NetworkCuts {
 public:
  NetworkCuts(const Policy& ceiling, std::vector<Cut>& cuts) : ceiling_(ceiling), cuts_(cuts) {}

  void explain(const NetworkEntry& entry, const Endpoint& endpoint) {
    const std::string name = "network_policies: '" + entry.key + "': " + name_of(endpoint);
    std::vector<const Endpoint*> meeting;
    bool within = false;
    for (const NetworkEntry& other : ceiling_.network) {
      // Binaries never tell them apart for certain: a process may satisfy one policy and its parent the
      // other.
      for (const Endpoint& bound : other.endpoints) {
        if (!share_port(endpoint, bound) || !hosts_may_meet(endpoint, bound)) continue;
        meeting.push_back(&bound);
        within = within || (is_plain(bound) && bound.allowed_ips.empty() && host_covers(bound, endpoint) &&
                            ports_cover(bound, endpoint) && binaries_cover(other, entry));
      }
    }
    if (meeting.empty()) {
      cuts_.push_back({cut_place(name + " is cut", endpoint.at), "the ceiling opens nothing there"});
      return;
    }
    const bool inspected =
        std::any_of(meeting.begin(), meeting.end(), [](const Endpoint* each) { return !is_plain(*each); });
    if (within && !inspected) return;
    cuts_.push_back({cut_place(name + " is narrowed", endpoint.at),
                     "each request must also be allowed by the ceiling (its " + lines_of(meeting) + ")"});
    explain_rules(name, endpoint, meeting);
  }

 private:
  void explain_rules(const std::string& name, const Endpoint& endpoint,
                     const std::vector<const Endpoint*>& meeting) {
    for (const Rule& rule : endpoint.rules) {
      const bool passes = std::any_of(meeting.begin(), meeting.end(),
                                      [&](const Endpoint* each) { return rule_may_pass(*each, rule); });
      if (!passes)
        cuts_.push_back({cut_place(name + ": rule " + rule.method + " " + rule.path + " is cut", rule.at),
                         "no rule of the ceiling allows any of it (its " + lines_of(meeting) + ")"});
    }
  }

  const Policy& ceiling_;
  std::vector<Cut>& cuts_;
};

// Of two ranges one holds the other, or they share nothing.
std::optional<std::string> meet(const std::string& a, const std::string& b) {
  const auto first = parse_cidr(a), second = parse_cidr(b);
  if (!first || !second) return std::nullopt;
  const auto& narrow = first->prefix >= second->prefix ? *first : *second;
  const auto& wide = first->prefix >= second->prefix ? *second : *first;
  return wide.contains(narrow.network) ? std::optional(to_string(narrow)) : std::nullopt;
}

}  // namespace

void explain_network_cuts(const Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts) {
  NetworkCuts explained(ceiling, cuts);
  for (const NetworkEntry& entry : policy.network)
    for (const Endpoint& endpoint : entry.endpoints) explained.explain(entry, endpoint);
}

void cut_inbound(Policy& policy, const Policy& ceiling, std::vector<Cut>& cuts) {
  std::vector<InboundRule> kept;
  for (const InboundRule& rule : policy.inbound) {
    const size_t before = kept.size();
    bool whole = false;
    for (const InboundRule& bound : ceiling.inbound) {
      if (rule.port != bound.port || rule.protocol != bound.protocol) continue;
      InboundRule both = rule;
      both.from = rule.from.empty() ? bound.from : rule.from;
      if (!rule.from.empty() && !bound.from.empty()) {
        both.from.clear();
        for (const std::string& a : rule.from)
          for (const std::string& b : bound.from)
            if (auto range = meet(a, b)) both.from.push_back(*range);
        if (both.from.empty()) continue;
      }
      whole = whole || both.from == rule.from;
      kept.push_back(std::move(both));
    }
    if (whole) continue;
    cuts.push_back(
        {cut_place("inbound: " + rule.protocol + " port " + std::to_string(rule.port) +
                       (kept.size() == before ? " is cut" : " is narrowed"),
                   rule.at),
         kept.size() == before ? "the ceiling does not open it" : "the ceiling opens it to fewer addresses"});
  }
  policy.inbound = std::move(kept);
}

}  // namespace nemoclaw::policy
