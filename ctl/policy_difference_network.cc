#include <algorithm>

#include "ctl/policy_difference.h"
#include "ctl/rule_text.h"
#include "policy/model/coverage.h"
#include "policy/model/host.h"
#include "policy/model/words.h"
#include "policy/parse/full_schema_network.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

using policy::Endpoint;
using policy::Rule;

// One thing that may be done: a program, a destination, and what is said there. A policy grants the union of
// its atoms, less its denials.
struct Atom {
  std::string binary;  // "" any process
  std::string host;    // "" any, bounded by `terms`
  uint16_t port = 0;
  std::string protocol;  // "" connections of any kind
  std::string method, path;
  json::Value detail;  // query, GraphQL names, tool: each narrows
  std::string shown;   // the rule in words
  std::string terms;   // addresses and the like, as JSON: compared as they stand
  policy::RateLimits limits;
};

// Stands for the methods of the MCP specification, without calls of tools. No method has this name.
constexpr const char* kKnownMethods = "known methods";

std::string as_text(const json::Value& value) { return json::Writer().value(value).take(); }

// The members of `value` whose keys are not among `known`.
json::Value rest_of(const json::Value& value, std::initializer_list<std::string_view> known) {
  json::Value rest;
  rest.type = json::Type::Object;
  for (const auto& member : value.object)
    if (std::find(known.begin(), known.end(), member.first) == known.end()) rest.object.push_back(member);
  return rest;
}

void add_rule(Atom atom, const Rule& rule, std::vector<Atom>& atoms) {
  atom.method = rule.method;
  atom.path = rule.path;
  atom.detail = rest_of(policy::rule_value(rule), {"method", "path"});
  atom.shown = rule_text(rule);
  atoms.push_back(std::move(atom));
}

// The methods of the MCP specification, with calls of every tool or without.
void add_known_methods(const Atom& base, bool calls, std::vector<Atom>& atoms) {
  Atom atom = base;
  atom.method = kKnownMethods;
  atom.shown = "known methods of MCP";
  atoms.push_back(std::move(atom));
  if (!calls) return;
  Rule call;
  call.method = "tools/call";
  add_rule(base, call, atoms);
}

bool names_tools(const Endpoint& endpoint) {
  return std::any_of(endpoint.rules.begin(), endpoint.rules.end(),
                     [](const Rule& rule) { return !rule.tool.empty(); });
}

// `access`, as the rules that say the same.
void add_access(const Atom& base, policy::Protocol protocol, policy::Access access,
                std::vector<Atom>& atoms) {
  const bool writes = access == policy::Access::ReadWrite;
  const auto add = [&](const char* method) {
    Rule rule;
    rule.method = method;
    rule.path = "/**";
    add_rule(base, rule, atoms);
  };
  const auto add_operations = [&](const char* type) {
    Rule rule;
    rule.operation_type = type;
    add_rule(base, rule, atoms);
  };
  if (access == policy::Access::Full) return add("*");
  switch (protocol) {
    case policy::Protocol::GraphQl:
      add_operations("query");
      if (writes) add_operations("mutation");
      return;
    case policy::Protocol::JsonRpc:  // the name of a method does not tell what it does
      return;
    case policy::Protocol::Mcp:
      return add_known_methods(base, writes, atoms);
    default:
      for (const char* method : {"GET", "OPTIONS"}) add(method);  // GET covers HEAD
      if (!writes) return;
      for (const char* method : {"POST", "PUT", "PATCH"}) add(method);
      if (protocol == policy::Protocol::WebSocket) add("WEBSOCKET_TEXT");
  }
}

void add_endpoint(const Endpoint& endpoint, Atom atom, bool denials, std::vector<Atom>& atoms) {
  atom.host = endpoint.host;
  atom.protocol = policy::word(endpoint.protocol);
  if (atom.protocol == "tcp") atom.protocol.clear();
  const json::Value terms = rest_of(
      policy::endpoint_value(endpoint),
      {"host", "port", "ports", "protocol", "access", "rules", "deny_rules", "limits", "enforcement", "mcp"});
  if (!terms.object.empty()) atom.terms = as_text(terms);
  atom.limits = endpoint.limits;
  // What would be denied is only recorded: everything is possible, and nothing stops.
  const bool forwards = !atom.protocol.empty() && endpoint.enforcement == policy::Enforcement::Audit;
  for (const uint16_t port : endpoint.ports) {
    atom.port = port;
    if (denials) {
      for (const Rule& rule : endpoint.deny_rules)
        if (!forwards) add_rule(atom, rule, atoms);
      continue;
    }
    if (forwards) {
      add_access(atom, endpoint.protocol, policy::Access::Full, atoms);
      continue;
    }
    if (atom.protocol.empty()) {
      atoms.push_back(atom);
      continue;
    }
    for (const Rule& rule : endpoint.rules) add_rule(atom, rule, atoms);
    if (endpoint.access != policy::Access::None) add_access(atom, endpoint.protocol, endpoint.access, atoms);
    if (endpoint.mcp_known_methods) add_known_methods(atom, !names_tools(endpoint), atoms);
  }
}

std::vector<Atom> atoms_of(const policy::Policy& policy, bool denials) {
  std::vector<Atom> atoms;
  for (const policy::NetworkEntry& entry : policy.network) {
    std::vector<std::string> binaries = {""};
    if (entry.binaries) {
      binaries.clear();
      for (const policy::Binary& binary : *entry.binaries) {
        const bool plain = !binary.script && binary.via.empty() && binary.sha256.empty();
        binaries.push_back(plain ? binary.path : as_text(policy::binary_value(binary)));
      }
    }
    for (const std::string& binary : binaries)
      for (const Endpoint& endpoint : entry.endpoints) {
        Atom atom;
        atom.binary = binary;
        add_endpoint(endpoint, std::move(atom), denials, atoms);
      }
  }
  return atoms;
}

bool covers_host(const std::string& wide, const std::string& narrow) {
  if (wide == narrow) return true;
  const auto pattern = policy::HostPattern::parse(wide), host = policy::HostPattern::parse(narrow);
  return pattern && host && host->is_exact() && pattern->matches(host->text());
}

bool covers_path(const std::string& wide, const std::string& narrow) {
  if (wide == narrow || policy::is_every_path(wide)) return true;
  if (!wide.ends_with("/**")) return false;
  const std::string parent = wide.substr(0, wide.size() - 2);  // with its slash
  return parent.find_first_of("*?[{") == std::string::npos && narrow.size() > parent.size() &&
         narrow.starts_with(parent);
}

bool covers_method(const std::string& wide, const std::string& narrow) {
  if (wide == kKnownMethods && narrow != "tools/call" && policy::is_known_mcp_method(narrow)) return true;
  return policy::method_covers(wide, narrow);
}

// What asks for more is narrower.
bool covers_detail(const json::Value& wide, const json::Value& narrow) {
  return std::all_of(wide.object.begin(), wide.object.end(), [&](const auto& member) {
    const json::Value* same = narrow.find(member.first);
    return same && as_text(*same) == as_text(member.second);
  });
}

bool covers_limit(const std::optional<uint64_t>& wide, const std::optional<uint64_t>& narrow) {
  return !wide || (narrow && *narrow <= *wide);
}

bool covers_limits(const policy::RateLimits& wide, const policy::RateLimits& narrow) {
  return covers_limit(wide.requests_per_minute, narrow.requests_per_minute) &&
         covers_limit(wide.bytes_out_per_hour, narrow.bytes_out_per_hour) &&
         covers_limit(wide.body_bytes_max, narrow.body_bytes_max);
}

// Errs on the side of no: then a change is shown that is none.
bool covers(const Atom& wide, const Atom& narrow) {
  if (wide.port != narrow.port || wide.terms != narrow.terms || !covers_host(wide.host, narrow.host))
    return false;
  if (!wide.binary.empty() && wide.binary != narrow.binary) return false;
  if (!covers_limits(wide.limits, narrow.limits)) return false;
  if (wide.protocol.empty()) return true;
  return wide.protocol == narrow.protocol && covers_method(wide.method, narrow.method) &&
         covers_path(wide.path, narrow.path) && covers_detail(wide.detail, narrow.detail);
}

std::string describe(const Atom& atom) {
  const std::string host = atom.host.empty() ? "any host" : atom.host;
  std::string text;
  if (atom.protocol.empty()) {
    text = "connections to ";
  } else {
    text = atom.shown;
    text += (atom.protocol == "rest" ? "" : " (" + atom.protocol + ")") + std::string(" at ");
  }
  text +=
      host + ":" + std::to_string(atom.port) + " by " + (atom.binary.empty() ? "any process" : atom.binary);
  if (const std::string limits = limits_text(atom.limits); !limits.empty()) text += ", " + limits;
  return atom.terms.empty() ? text : text + " under " + atom.terms;
}

// What of `mine` nothing in `theirs` covers.
void add_uncovered(const char* kind, const std::vector<Atom>& mine, const std::vector<Atom>& theirs,
                   std::vector<Change>& out) {
  for (const Atom& atom : mine)
    if (std::none_of(theirs.begin(), theirs.end(), [&](const Atom& other) { return covers(other, atom); }))
      out.push_back({kind, describe(atom)});
}

bool has_entry(const policy::Policy& policy, const std::string& key) {
  return std::any_of(policy.network.begin(), policy.network.end(),
                     [&](const policy::NetworkEntry& entry) { return entry.key == key; });
}

}  // namespace

void compare_network(const policy::Policy& before, const policy::Policy& after, Difference& difference) {
  for (const policy::NetworkEntry& entry : before.network)
    if (!has_entry(after, entry.key)) difference.other.push_back({"entry", entry.key + " is removed"});
  for (const policy::NetworkEntry& entry : after.network)
    if (!has_entry(before, entry.key)) difference.other.push_back({"entry", entry.key + " is added"});
  const auto allowed_before = atoms_of(before, false), allowed_after = atoms_of(after, false);
  add_uncovered("network", allowed_after, allowed_before, difference.possible);
  add_uncovered("network", allowed_before, allowed_after, difference.stops);
  // A denial that goes makes something possible, one that comes stops something.
  const auto denied_before = atoms_of(before, true), denied_after = atoms_of(after, true);
  add_uncovered("deny rule", denied_before, denied_after, difference.possible);
  add_uncovered("deny rule", denied_after, denied_before, difference.stops);
}

}  // namespace nemoclaw::ctl
