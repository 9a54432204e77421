// The egress list: one entry for any process.
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

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

void decode_egress(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  NetworkEntry entry;
  entry.key = entry.name = "egress";
  entry.at = node.at;
  decode_map(diagnostics, node, "egress", egress_keys(), entry);
  if (!entry.endpoints.empty()) policy.network.push_back(std::move(entry));
}

}  // namespace

Key<Policy> egress_section() {
  return other<Policy>("egress", object_shape(egress_keys), decode_egress,
                       "Where any process of the sandbox may connect.");
}

}  // namespace nemoclaw::policy
