// The four-level list. Its items become ordinary entries, so that everything behind the reader knows one
// model: what an item denies is an entry whose endpoints have a deny rule for every request, because deny
// rules beat every allow of the entries that match the same process and destination.
#include <algorithm>
#include <set>

#include "policy/model/coverage.h"
#include "policy/parse/decode.h"
#include "policy/parse/destination.h"
#include "policy/parse/four_level_item.h"
#include "policy/parse/validate.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

// An item stands for the product of its lists; a small file must not become a model of gigabytes.
constexpr size_t kRulesMax = 20'000;

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

// The endpoints without rules. `localhost` is the sandbox's own loopback, which no fence stands before: only
// here it is accepted, and only by its name; an answer of a resolver that leads there is refused all the
// same.
std::vector<Endpoint> endpoints_of(Diagnostics& diagnostics, const std::vector<Listed>& destinations,
                                   bool denied) {
  std::vector<Endpoint> endpoints;
  for (const Listed& listed : destinations) {
    const auto target = read_destination(diagnostics, listed.at, listed.text);
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

void check_level_texts(Diagnostics& diagnostics, const FourLevelItem& item) {
  for (const auto* list : {&item.method.allow, &item.method.deny})
    for (const Listed& method : *list) check_method(diagnostics, method.at, method.text);
  for (const auto* list : {&item.path.allow, &item.path.deny})
    for (const Listed& path : *list) check_rule_path(diagnostics, path.at, path.text);
}

// What the levels `method` and `path` say, as rules.
void set_rules(const FourLevelItem& item, Endpoint& endpoint) {
  const std::vector<Listed> any_method = {{"*", item.at}}, any_path = {{"/**", item.at}};
  for (const Listed& method : item.method.written ? item.method.allow : any_method)
    for (const Listed& path : item.path.written ? item.path.allow : any_path)
      endpoint.rules.push_back(
          make_rule(false, method.text, path.text, item.path.written ? path.at : method.at));
  for (const Listed& method : item.method.deny)
    endpoint.deny_rules.push_back(make_rule(true, method.text, "/**", method.at));
  for (const Listed& path : item.path.deny)
    endpoint.deny_rules.push_back(make_rule(true, "*", path.text, path.at));
  const bool everything = std::any_of(endpoint.rules.begin(), endpoint.rules.end(), covers_everything);
  write_methods_upper(endpoint.rules);
  write_methods_upper(endpoint.deny_rules);
  if (endpoint.deny_rules.empty() && everything)
    endpoint.rules.clear();  // connections of any kind
  else
    endpoint.protocol = Protocol::Rest;
  endpoint.protocol_written = true;  // the form leaves nothing to imply
}

NetworkEntry make_entry(const FourLevelItem& item, const std::string& key, std::vector<Endpoint> endpoints,
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

  void add(FourLevelItem item, size_t index) {
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
  bool count_rules(const FourLevelItem& item) {
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

void decode_four_level(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  ListReader reader(diagnostics, policy);
  size_t index = 0;
  for_each_item(diagnostics, node, "policies", [&](const Node& node_of_item) {
    FourLevelItem item;
    item.at = node_of_item.at;
    if (decode_map(diagnostics, node_of_item, "an item of the list", four_level_item_keys(), item))
      reader.add(std::move(item), index);
    ++index;
  });
  sort_entries(policy);
}

}  // namespace

Key<Policy> four_level_section() {
  return other<Policy>("policies", list_shape(object_shape(four_level_item_keys)), decode_four_level,
                       "Items of binary, destination, method and path.");
}

}  // namespace nemoclaw::policy
