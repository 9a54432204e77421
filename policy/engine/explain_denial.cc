// Why not, and what came nearest: the text that an operator acts on.
#include "policy/engine/compiled_engine.h"

namespace nemoclaw::policy {
namespace {

std::string target(const L4Request& request) { return request.host + ":" + std::to_string(request.port); }

std::string endpoint_host(const CompiledEndpoint& endpoint) {
  return endpoint.host ? endpoint.host->text() : "the addresses in allowed_ips";
}

std::string port_list(const CompiledEndpoint& endpoint) {
  std::string list;
  for (size_t i = 0; i < endpoint.ports.size() && i < 8; ++i)
    list += (i ? ", " : "") + std::to_string(endpoint.ports.items()[i]);
  return list + (endpoint.ports.size() > 8 ? ", ..." : "");
}

std::string missing_binary(const CompiledEntry& entry, const L4Request& request, BinaryMatch match,
                           const std::string& binaries) {
  const std::string start = "entry '" + entry.key + "' allows " + target(request);
  switch (match) {
    case BinaryMatch::WrongDigest:
      return start + ", but the executable's SHA-256 is not the pinned one, or is not known";
    case BinaryMatch::MissingVia:
      return start + ", but the ancestor that 'via' asks for is not in the process tree";
    default:
      return start + ", but only for " + binaries;
  }
}

struct Nearest {
  int rank = 0;  // 3: only the binary is missing, 2: only the port, 1: the name is similar
  const CompiledEntry* entry = nullptr;
  const CompiledEndpoint* endpoint = nullptr;
  BinaryMatch match = BinaryMatch::No;
};

}  // namespace

Decision CompiledEngine::explain_denial(const L4Request& request) const {
  Decision decision;
  decision.layer = "l4";
  decision.code = "policy_denied";
  if (entries_.empty()) {
    decision.reason = "network connections not allowed by policy";
    return decision;
  }
  Nearest nearest;
  Ordinal first = 0;
  const auto propose = [&](int rank, Ordinal ordinal) {
    if (rank < nearest.rank || (rank == nearest.rank && ordinal > first)) return;
    const Grant& grant = index_.grant(ordinal);
    nearest = {rank, grant.entry, grant.endpoint, BinaryMatch::No};
    first = ordinal;
  };
  index_.for_each_group(request.host, [&](const HostGroup& group) {
    if (const PortSlots* port = group.find_port(request.port))
      propose(3, port->first);
    else if (group.pattern)
      propose(2, group.first);
  });
  if (nearest.rank == 3) nearest.match = binaries_.match(nearest.entry->binaries, request.caller);
  if (nearest.rank == 0)
    if (const Grant* similar = index_.similar(request.host))
      nearest = {1, similar->entry, similar->endpoint, BinaryMatch::No};
  decision.reason = "endpoint " + target(request) + " is not allowed by any policy";
  if (nearest.rank == 3) {
    decision.reason =
        "binary " + quoted(request.caller.binary) + " is not allowed to reach " + target(request);
    if (nearest.match == BinaryMatch::WrongDigest) decision.code = "binary_integrity";
    decision.rule_line = nearest.endpoint->line;
    decision.nearest =
        missing_binary(*nearest.entry, request, nearest.match, binaries_.describe(nearest.entry->binaries));
  } else if (nearest.rank == 2) {
    decision.nearest = "entry '" + nearest.entry->key + "' allows " + endpoint_host(*nearest.endpoint) +
                       " on port " + port_list(*nearest.endpoint) + ", not " + std::to_string(request.port);
  } else if (nearest.rank == 1) {
    decision.nearest = "entry '" + nearest.entry->key + "' allows " + endpoint_host(*nearest.endpoint) +
                       ", which does not cover " + request.host;
  }
  return decision;
}

}  // namespace nemoclaw::policy
