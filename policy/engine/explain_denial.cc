// Why not, and what came nearest: the text that an operator acts on.
#include "policy/engine/compiled.h"

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

// "api.example.test" and "*.example.test" have the same parent: a near miss of the name.
bool same_parent(std::string_view pattern, std::string_view host) {
  const auto parent = [](std::string_view name) {
    return name.substr(std::min(name.find('.'), name.size()));
  };
  return !parent(host).empty() &&
         (parent(pattern) == parent(host) || pattern == "*" + std::string(parent(host)) ||
          parent(pattern) == "." + std::string(host));
}

struct Nearest {
  int rank = 0;  // 3: only the binary is missing, 2: only the port, 1: the name is similar
  const CompiledEntry* entry = nullptr;
  const CompiledEndpoint* endpoint = nullptr;
  BinaryMatch match = BinaryMatch::No;
};

Nearest find_nearest(const std::vector<CompiledEntry>& entries, const L4Request& request) {
  Nearest nearest;
  for (const CompiledEntry& entry : entries) {
    for (const CompiledEndpoint& endpoint : entry.endpoints) {
      const bool host = endpoint.matches_host(request.host), port = endpoint.has_port(request.port);
      int rank = 0;
      if (host && port)
        rank = 3;
      else if (host && endpoint.host)
        rank = 2;
      else if (endpoint.host && same_parent(endpoint.host->text(), request.host))
        rank = 1;
      if (rank > nearest.rank) nearest = {rank, &entry, &endpoint, entry.match_binary(request.caller)};
    }
  }
  return nearest;
}

}  // namespace

Decision explain_denial(const std::vector<CompiledEntry>& entries, const L4Request& request) {
  Decision decision;
  decision.layer = "l4";
  decision.code = "policy_denied";
  if (entries.empty()) {
    decision.reason = "network connections not allowed by policy";
    return decision;
  }
  const Nearest nearest = find_nearest(entries, request);
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
