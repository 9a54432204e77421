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
    list += (i ? ", " : "") + std::to_string(endpoint.ports[i]);
  return list + (endpoint.ports.size() > 8 ? ", ..." : "");
}

std::string binary_list(const CompiledEntry& entry) {
  std::string list;
  for (size_t i = 0; i < entry.binaries->size() && i < 4; ++i)
    list += (i ? ", " : "") + (*entry.binaries)[i].text();
  return list + (entry.binaries->size() > 4 ? ", ..." : "");
}

std::string missing_binary(const CompiledEntry& entry, const L4Request& request, BinaryMatch match) {
  const std::string start = "entry '" + entry.key + "' allows " + target(request);
  switch (match) {
    case BinaryMatch::WrongDigest:
      return start + ", but the executable's SHA-256 is not the pinned one, or is not known";
    case BinaryMatch::MissingVia:
      return start + ", but the ancestor that 'via' asks for is not in the process tree";
    default:
      return start + ", but only for " + binary_list(entry);
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
  index_.for_each_host_match(request.host, [&](const Grant& grant) {
    const int rank = grant.endpoint->has_port(request.port) ? 3 : grant.endpoint->host ? 2 : 0;
    if (rank > nearest.rank)
      nearest = {rank, grant.entry, grant.endpoint, grant.entry->match_binary(request.caller)};
    return nearest.rank < 3;
  });
  if (nearest.rank == 0)
    if (const Grant* similar = index_.similar(request.host))
      nearest = {1, similar->entry, similar->endpoint, BinaryMatch::No};
  decision.reason = "endpoint " + target(request) + " is not allowed by any policy";
  if (nearest.rank == 3) {
    decision.reason =
        "binary " + quoted(request.caller.binary) + " is not allowed to reach " + target(request);
    if (nearest.match == BinaryMatch::WrongDigest) decision.code = "binary_integrity";
    decision.rule_line = nearest.endpoint->line;
    decision.nearest = missing_binary(*nearest.entry, request, nearest.match);
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
