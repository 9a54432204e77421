// Which resolved addresses a grant covers (egress.md, section 4). The order is: never reachable, allowed_ips
// or the kind of address, the node itself, control-plane ports.
#include <algorithm>

#include "policy/engine/address_class.h"
#include "policy/engine/compiled.h"

namespace nemoclaw::policy {
namespace {

// etcd, the Kubernetes API server and kubelet: whoever talks to them there owns the node.
constexpr uint16_t kControlPlanePorts[] = {2379, 2380, 6443, 10250, 10255};

bool is_control_plane(uint16_t port) {
  return std::find(std::begin(kControlPlanePorts), std::end(kControlPlanePorts), port) !=
         std::end(kControlPlanePorts);
}

bool is_listed(const CompiledEndpoint& endpoint, const Address& address) {
  return std::any_of(endpoint.allowed_ips.begin(), endpoint.allowed_ips.end(), [&](const Cidr& range) {
    return range.contains(address) || range.contains(effective_address(address));
  });
}

bool is_of_node(const Address& address, const std::vector<Address>& node_addresses) {
  return std::any_of(node_addresses.begin(), node_addresses.end(), [&](const Address& own) {
    return own == address || effective_address(own) == effective_address(address);
  });
}

// The operator wrote this very host, or this very address.
bool is_named_exactly(const CompiledEndpoint& endpoint, const Address& address) {
  return endpoint.is_exact() ||
         std::any_of(endpoint.allowed_ips.begin(), endpoint.allowed_ips.end(), [&](const Cidr& range) {
           return range.is_single() && range.contains(effective_address(address));
         });
}

std::string refuse_address(const CompiledEndpoint& endpoint, const Address& address, uint16_t port,
                           const std::vector<Address>& node_addresses) {
  const AddressJudgement judgement = judge_address(address);
  if (judgement.kind == AddressClass::Never)
    return std::string("is never reachable (") + judgement.name + ")";
  if (!endpoint.allowed_ips.empty()) {
    if (!is_listed(endpoint, address)) return "is outside of the endpoint's allowed_ips";
  } else if (judgement.kind == AddressClass::Private && !endpoint.is_exact()) {
    return std::string("is not public (") + judgement.name +
           "), which a wildcard does not reach; list it in allowed_ips";
  }
  const bool of_node = is_of_node(address, node_addresses);
  if (of_node && !is_named_exactly(endpoint, address))
    return "is the node's own; only an exact host or address in the policy reaches it";
  if ((of_node || judgement.kind == AddressClass::Private) && is_control_plane(port))
    return "is not public, and port " + std::to_string(port) + " is a control-plane port";
  return {};
}

}  // namespace

std::string refuse_addresses(const Grant& grant, const L4Request& request,
                             const std::vector<Address>& addresses,
                             const std::vector<Address>& node_addresses) {
  for (const Address& address : addresses) {
    std::string reason = refuse_address(*grant.endpoint, address, request.port, node_addresses);
    if (!reason.empty()) return "address " + to_string(address) + " of " + request.host + " " + reason;
  }
  return {};
}

}  // namespace nemoclaw::policy
