// The two list forms. Both become ordinary entries, so that everything behind the reader knows one model:
// what a four-level item denies is an entry whose endpoints have a deny rule for every request, because
// deny rules beat every allow of the entries that match the same process and destination.
#include <algorithm>
#include <set>

#include "policy/parse/decode.h"
#include "policy/parse/validate.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

// An item stands for the product of its lists; a small file must not become a model of gigabytes.
constexpr size_t kRulesMax = 20'000;

struct Listed {
  std::string text;
  Location at;
};

struct Level {
  bool written = false;
  std::vector<Listed> allow, deny;
};

struct Item {
  std::string name;
  Level binary, destination, method, path;
  Location at;
};

Key<Level> listed(const char* name, std::vector<Listed> Level::*member, const char* summary) {
  return other<Level>(
      name, list_shape(Shape::Text),
      [=](Diagnostics& d, const Node& node, Level& out) {
        for_each_item(d, node, name, [&](const Node& item) {
          if (auto text = read_text(d, item, name)) (out.*member).push_back({std::move(*text), item.at});
        });
      },
      summary);
}

const Keys<Level>& level_keys() {
  static const Keys<Level> keys = {
      listed("allow", &Level::allow, "What is allowed; anything else is not."),
      listed("deny", &Level::deny, "What is refused; beats every allow."),
  };
  return keys;
}

Key<Item> level(const char* name, Level Item::*member, const char* summary) {
  return other<Item>(
      name, object_shape(level_keys),
      [=](Diagnostics& d, const Node& node, Item& out) {
        Level& level = out.*member;
        level.written = true;
        if (!decode_map(d, node, name, level_keys(), level)) return;
        if (level.allow.empty() && level.deny.empty())
          d.error("P0440", node.at, "'" + std::string(name) + "' lists nothing", "give it 'allow: [...]'");
        else if (level.allow.empty())
          d.warning("P0441", node.at,
                    "'" + std::string(name) +
                        "' only denies, so the item allows nothing: what is not listed "
                        "is denied",
                    "add 'allow: [...]' if the rest is meant to be allowed");
      },
      summary);
}

const Keys<Item>& item_keys() {
  static const Keys<Item> keys = {
      text("name", &Item::name, "Name of the item; shown in decisions.", Numbers::Accepted),
      required(level("binary", &Item::binary,
                     "Programs: absolute, a glob, a name in the system's PATH directories, or '*'.")),
      required(level("destination", &Item::destination, "Hosts, 'host:port'; the port is 443 by default.")),
      level("method", &Item::method, "HTTP methods; absent: any."),
      level("path", &Item::path, "Globs on the path of requests; absent: any."),
  };
  return keys;
}

// nullopt: any process. A name without '/' stands for itself in the directories of the system's PATH.
std::optional<std::vector<Binary>> binaries_of(Diagnostics& diagnostics, const std::vector<Listed>& names) {
  std::vector<Binary> binaries;
  for (const Listed& name : names) {
    if (name.text == "*" || name.text == "**") return std::nullopt;
    Binary binary;
    binary.at = name.at;
    if (name.text.empty() || name.text.find('/') != std::string::npos) {
      check_binary_path(diagnostics, name.at, "binary", name.text);
      binary.path = name.text.rfind('/', 0) == 0 ? clean_path(name.text) : name.text;
      binaries.push_back(std::move(binary));
      continue;
    }
    if (!check_path(diagnostics, name.at, "binary", "/" + name.text)) continue;
    check_glob_components(diagnostics, name.at, "binary", name.text);
    for (const char* directory :
         {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}) {
      binary.path = directory + name.text;
      binaries.push_back(binary);
    }
  }
  return binaries;
}

struct Target {
  std::string host;
  uint16_t port = 443;
};

// "host", "host:port", "[v6]", "[v6]:port" or a bare IPv6 address.
std::optional<Target> split_destination(Diagnostics& diagnostics, const Listed& listed) {
  std::string_view host = listed.text;
  std::string_view port;
  const size_t colon = host.rfind(':');
  const bool bracketed = !host.empty() && host[0] == '[';
  const bool has_port =
      colon != std::string_view::npos && (bracketed ? host[colon - 1] == ']' : host.find(':') == colon);
  if (has_port) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  Target target{std::string(host), 443};
  if (!has_port) return target;
  uint32_t number = 0;
  const bool digits = !port.empty() && port.size() <= 5 && port[0] != '0' &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits)
    for (const char c : port) number = number * 10 + static_cast<uint32_t>(c - '0');
  if (number < 1 || number > 65535) {
    diagnostics.error("P0442", listed.at, quoted(listed.text, 128) + " is no destination",
                      "write a host, or 'host:port' with a port from 1 to 65535");
    return std::nullopt;
  }
  target.port = static_cast<uint16_t>(number);
  return target;
}

// The endpoints without rules. `localhost` is the sandbox's own loopback, which no fence stands before: only
// here it is accepted, and only by its name; an answer of a resolver that leads there is refused all the
// same.
std::vector<Endpoint> endpoints_of(Diagnostics& diagnostics, const std::vector<Listed>& destinations,
                                   bool denied) {
  std::vector<Endpoint> endpoints;
  for (const Listed& listed : destinations) {
    const auto target = split_destination(diagnostics, listed);
    if (!target) continue;
    const bool own = target->host == "localhost";
    if (own && denied)
      diagnostics.error("P0443", listed.at, "the sandbox's own loopback cannot be denied",
                        "remove 'localhost' from the list");
    auto host = own ? target->host : check_host(diagnostics, listed.at, target->host);
    if (!host) continue;
    Endpoint endpoint;
    endpoint.at = listed.at;
    endpoint.host = std::move(*host);
    endpoint.ports = {target->port};
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

Rule make_rule(bool deny, std::string method, std::string path, Location at) {
  Rule rule;
  rule.deny = deny;
  rule.method = std::move(method);
  rule.path = std::move(path);
  rule.at = at;
  return rule;
}

void check_level_texts(Diagnostics& diagnostics, const Item& item) {
  for (const auto* list : {&item.method.allow, &item.method.deny})
    for (const Listed& method : *list) check_method(diagnostics, method.at, method.text);
  for (const auto* list : {&item.path.allow, &item.path.deny})
    for (const Listed& path : *list) check_rule_path(diagnostics, path.at, path.text);
}

// What the levels `method` and `path` say, as rules.
void set_rules(const Item& item, Endpoint& endpoint) {
  const std::vector<Listed> any_method = {{"*", item.at}}, any_path = {{"/**", item.at}};
  for (const Listed& method : item.method.written ? item.method.allow : any_method)
    for (const Listed& path : item.path.written ? item.path.allow : any_path)
      endpoint.rules.push_back(
          make_rule(false, method.text, path.text, item.path.written ? path.at : method.at));
  for (const Listed& method : item.method.deny)
    endpoint.deny_rules.push_back(make_rule(true, method.text, "/**", method.at));
  for (const Listed& path : item.path.deny)
    endpoint.deny_rules.push_back(make_rule(true, "*", path.text, path.at));
  const bool everything = std::any_of(endpoint.rules.begin(), endpoint.rules.end(), [](const Rule& rule) {
    return rule.method == "*" && (rule.path == "/**" || rule.path == "**");
  });
  if (endpoint.deny_rules.empty() && everything)
    endpoint.rules.clear();  // connections of any kind
  else
    endpoint.protocol = Protocol::Rest;
  endpoint.protocol_written = true;  // the form leaves nothing to imply
}

NetworkEntry make_entry(const Item& item, const std::string& key, std::vector<Endpoint> endpoints,
                        std::optional<std::vector<Binary>> binaries) {
  NetworkEntry entry;
  entry.key = entry.name = key;
  entry.at = item.at;
  entry.endpoints = std::move(endpoints);
  entry.binaries = std::move(binaries);
  return entry;
}

void deny_everything(std::vector<Endpoint>& endpoints) {
  for (Endpoint& endpoint : endpoints) {
    endpoint.protocol = Protocol::Rest;
    endpoint.protocol_written = true;
    endpoint.deny_rules = {make_rule(true, "*", "/**", endpoint.at)};
  }
}

// The union of two lists of binaries, where nullopt is any process.
std::optional<std::vector<Binary>> join(const Level& level, std::optional<std::vector<Binary>> allowed,
                                        std::optional<std::vector<Binary>> denied) {
  if ((!level.allow.empty() && !allowed) || (!level.deny.empty() && !denied)) return std::nullopt;
  allowed->insert(allowed->end(), denied->begin(), denied->end());
  return allowed;
}

class ListReader {
 public:
  ListReader(Diagnostics& diagnostics, Policy& policy) : diagnostics_(diagnostics), policy_(policy) {}

  void add(Item item, size_t index) {
    if (item.name.empty()) item.name = "item " + std::to_string(index + 1);
    check_level_texts(diagnostics_, item);
    if (!count_rules(item)) return;
    auto allowed = binaries_of(diagnostics_, item.binary.allow);
    auto denied = binaries_of(diagnostics_, item.binary.deny);
    auto open = endpoints_of(diagnostics_, item.destination.allow, false);
    auto closed = endpoints_of(diagnostics_, item.destination.deny, true);
    auto every = open;
    every.insert(every.end(), closed.begin(), closed.end());
    deny_everything(closed);
    deny_everything(every);
    for (Endpoint& endpoint : open) set_rules(item, endpoint);
    if (!item.binary.allow.empty()) put(make_entry(item, item.name, std::move(open), allowed));
    if (!item.binary.deny.empty())
      put(make_entry(item, item.name + ": denied binaries", std::move(every), denied));
    put(make_entry(item, item.name + ": denied destinations", std::move(closed),
                   join(item.binary, std::move(allowed), std::move(denied))));
  }

 private:
  bool count_rules(const Item& item) {
    const auto or_one = [](const Level& level) { return std::max<size_t>(level.allow.size(), 1); };
    const size_t per_endpoint =
        or_one(item.method) * or_one(item.path) + item.method.deny.size() + item.path.deny.size() + 1;
    rules_ += per_endpoint * (item.destination.allow.size() + item.destination.deny.size());
    if (rules_ <= kRulesMax) return true;
    diagnostics_.error("P0444", item.at,
                       "up to here the items stand for more than " + std::to_string(kRulesMax) + " rules",
                       "use globs, or several items with shorter lists");
    return false;
  }

  void put(NetworkEntry entry) {
    if (entry.endpoints.empty()) return;
    if (!keys_.insert(entry.key).second) {
      diagnostics_.error("P0445", entry.at, "the name " + quoted(entry.key, 64) + " is used twice",
                         "give every item a name of its own");
      return;
    }
    policy_.network.push_back(std::move(entry));
  }

  Diagnostics& diagnostics_;
  Policy& policy_;
  std::set<std::string> keys_;
  size_t rules_ = 0;
};

void sort_entries(Policy& policy) {
  std::sort(policy.network.begin(), policy.network.end(),
            [](const NetworkEntry& a, const NetworkEntry& b) { return a.key < b.key; });
}

const Keys<Endpoint>& egress_rule_keys() {
  static const Keys<Endpoint> keys = {
      required(other<Endpoint>(
          "host", Shape::Text,
          [](Diagnostics& d, const Node& node, Endpoint& out) {
            if (const auto text = read_text(d, node, "host"))
              if (auto host = check_host(d, node.at, *text)) out.host = std::move(*host);
          },
          "Exact name, wildcard or address.")),
      required(other<Endpoint>(
          "port", integer_shape(1, 65535),
          [](Diagnostics& d, const Node& node, Endpoint& out) {
            if (const auto port = read_integer(d, node, "port", 1, 65535))
              out.ports = {static_cast<uint16_t>(*port)};
          },
          "One port.")),
  };
  return keys;
}

void decode_egress_rules(Diagnostics& diagnostics, const Node& node, NetworkEntry& entry) {
  for_each_item(diagnostics, node, "rules", [&](const Node& item) {
    Endpoint endpoint;
    endpoint.at = item.at;
    if (decode_map(diagnostics, item, "an egress rule", egress_rule_keys(), endpoint))
      entry.endpoints.push_back(std::move(endpoint));
  });
}

const Keys<NetworkEntry>& egress_keys() {
  static const Keys<NetworkEntry> keys = {
      required(other<NetworkEntry>("rules", list_shape(object_shape(egress_rule_keys)), decode_egress_rules,
                                   "Where any process of the sandbox may connect.")),
  };
  return keys;
}

void decode_four_level(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  ListReader reader(diagnostics, policy);
  size_t index = 0;
  for_each_item(diagnostics, node, "policies", [&](const Node& node_of_item) {
    Item item;
    item.at = node_of_item.at;
    if (decode_map(diagnostics, node_of_item, "an item of the list", item_keys(), item))
      reader.add(std::move(item), index);
    ++index;
  });
  sort_entries(policy);
}

void decode_egress(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  NetworkEntry entry;
  entry.key = entry.name = "egress";
  entry.at = node.at;
  decode_map(diagnostics, node, "egress", egress_keys(), entry);
  if (!entry.endpoints.empty()) policy.network.push_back(std::move(entry));
}

}  // namespace

Key<Policy> four_level_section() {
  return other<Policy>("policies", list_shape(object_shape(item_keys)), decode_four_level,
                       "Items of binary, destination, method and path.");
}

Key<Policy> egress_section() {
  return other<Policy>("egress", object_shape(egress_keys), decode_egress,
                       "Where any process of the sandbox may connect.");
}

}  // namespace nemoclaw::policy
