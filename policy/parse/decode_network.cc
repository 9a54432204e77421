// network_policies: entries, endpoints, binaries.
#include <algorithm>

#include "policy/model/coverage.h"
#include "policy/model/words.h"
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

constexpr uint64_t kPortMax = 65535;

Shape port_shape() { return integer_shape(1, kPortMax); }

std::optional<uint16_t> read_port(Diagnostics& diagnostics, const Node& node, std::string_view key) {
  const auto port = read_integer(diagnostics, node, key, 1, kPortMax);
  return port ? std::optional(static_cast<uint16_t>(*port)) : std::nullopt;
}

void decode_port(Diagnostics& diagnostics, const Node& node, Endpoint& out) {
  if (const auto port = read_port(diagnostics, node, "port")) out.ports.push_back(*port);
}

void decode_ports(Diagnostics& diagnostics, const Node& node, Endpoint& out) {
  for_each_item(diagnostics, node, "ports", [&](const Node& item) {
    if (const auto port = read_port(diagnostics, item, "ports")) out.ports.push_back(*port);
  });
  if (node.kind == NodeKind::List && node.items.empty())
    diagnostics.error("P0409", node.at, "'ports' is empty", "name at least one port");
}

void decode_host(Diagnostics& diagnostics, const Node& node, Endpoint& out) {
  const auto text = read_text(diagnostics, node, "host");
  if (!text) return;
  if (auto host = check_host(diagnostics, node.at, *text)) out.host = std::move(*host);
}

void decode_allowed_ips(Diagnostics& diagnostics, const Node& node, Endpoint& out) {
  out.allowed_ips = read_cidrs(diagnostics, node, "allowed_ips");
  if (node.kind != NodeKind::List) return;
  if (node.items.empty())
    diagnostics.error("P0411", node.at, "'allowed_ips' is empty", "name the addresses, or remove the key");
  for (const Node& item : node.items)
    if (item.kind == NodeKind::Scalar) check_reachable_cidr(diagnostics, item.at, item.text);
}

void decode_path(Diagnostics& diagnostics, const Node& node, Endpoint& out) {
  auto path = read_text(diagnostics, node, "path");
  if (!path) return;
  check_rule_path(diagnostics, node.at, *path);
  out.path = std::move(*path);
}

const Keys<Endpoint>& mcp_keys() {
  static const Keys<Endpoint> keys = {
      boolean("allow_all_known_mcp_methods", &Endpoint::mcp_known_methods,
              "Methods of the MCP specification need no rule."),
  };
  return keys;
}

const Keys<RateLimits>& limits_keys() {
  constexpr uint64_t kMax = uint64_t{1} << 50;
  static const Keys<RateLimits> keys = {
      integer("requests_per_minute", &RateLimits::requests_per_minute, 1, kMax, "429 beyond it."),
      integer("bytes_out_per_hour", &RateLimits::bytes_out_per_hour, 1, kMax, "429 beyond it."),
      integer("body_bytes_max", &RateLimits::body_bytes_max, 0, kMax, "The largest request body."),
  };
  return keys;
}

const Keys<Endpoint>& endpoint_keys() {
  static const Keys<Endpoint> keys = {
      other<Endpoint>("host", Shape::Text, decode_host, "Exact name, wildcard or address."),
      other<Endpoint>("port", port_shape(), decode_port, "One port."),
      other<Endpoint>("ports", list_shape(port_shape(), false), decode_ports, "Several ports."),
      other<Endpoint>("path", text_shape(kRequestPath), decode_path,
                      "Chooses between several endpoints of one host and port."),
      choice<Endpoint>(
          "protocol", written_words(kProtocolWords),
          [](Endpoint& out, size_t index) {
            out.protocol = static_cast<Protocol>(index + 1);
            out.protocol_written = true;
          },
          "What the requests are; absent: connections only."),
      choice<Endpoint>(
          "tls", written_words(kTlsWords),
          [](Endpoint& out, size_t index) { out.tls = index < 2 ? Tls::Auto : Tls::Passthrough; },
          "Whether TLS is opened for inspection."),
      choice<Endpoint>(
          "enforcement", written_words(kEnforcementWords),
          [](Endpoint& out, size_t index) { out.enforcement = static_cast<Enforcement>(index); },
          "audit forwards and records what rules would deny."),
      choice<Endpoint>(
          "access", written_words(kAccessWords),
          [](Endpoint& out, size_t index) { out.access = static_cast<Access>(index + 1); },
          "A ready set of methods; excludes rules."),
      rules_key(),
      deny_rules_key(),
      other<Endpoint>("allowed_ips", list_shape(Shape::Text, false), decode_allowed_ips,
                      "The resolved address must be inside."),
      boolean("allow_encoded_slash", &Endpoint::allow_encoded_slash,
              "Keep %2F in a path segment instead of refusing."),
      object("limits", &Endpoint::limits, limits_keys, "Rates and sizes."),
      object<Endpoint>("mcp", mcp_keys, "Options of protocol mcp."),
  };
  return keys;
}

// rules or access without a protocol: L4 when they allow everything, else rest is meant.
void imply_protocol(Endpoint& endpoint, bool rules_written) {
  if (endpoint.protocol_written) return;
  const bool everything = endpoint.access == Access::Full ||
                          std::any_of(endpoint.rules.begin(), endpoint.rules.end(), covers_everything);
  const bool says_nothing = endpoint.access == Access::None && !rules_written;
  if (endpoint.deny_rules.empty() && (everything || says_nothing)) return;
  endpoint.protocol = Protocol::Rest;
}

void decode_endpoint(Diagnostics& diagnostics, const Node& node, std::vector<Endpoint>& out) {
  Endpoint endpoint;
  endpoint.at = node.at;
  if (!decode_map(diagnostics, node, "an endpoint", endpoint_keys(), endpoint)) return;
  const Node *port = node.find("port"), *ports = node.find("ports");
  if (port && ports)
    diagnostics.error("P0408", ports->at, "'port' and 'ports' stand in one endpoint", "keep one of them");
  if (!port && !ports)
    diagnostics.error("P0409", node.at, "an endpoint needs 'port' or 'ports'", "for HTTPS write 'port: 443'");
  std::sort(endpoint.ports.begin(), endpoint.ports.end());
  endpoint.ports.erase(std::unique(endpoint.ports.begin(), endpoint.ports.end()), endpoint.ports.end());
  imply_protocol(endpoint, node.find("rules") != nullptr);
  check_endpoint_target(diagnostics, endpoint, node.find("host") != nullptr);
  check_access_excludes_rules(diagnostics, endpoint, node.find("rules") != nullptr);
  // A rule that could not be read must not be reported again as missing.
  if (!node.find("rules") || !endpoint.rules.empty() || node.find("rules")->items.empty())
    check_protocol_has_rules(diagnostics, endpoint);
  check_rules_fit_protocol(diagnostics, endpoint);
  if (endpoint.protocol != Protocol::Mcp && endpoint.protocol != Protocol::JsonRpc) {
    write_methods_upper(endpoint.rules);
    write_methods_upper(endpoint.deny_rules);
  }
  check_inspection_needs_tls(diagnostics, endpoint);
  out.push_back(std::move(endpoint));
}

Key<Binary> binary_path(const char* name, bool script, const char* summary) {
  return other<Binary>(
      name, text_shape(kBinaryPath),
      [=](Diagnostics& d, const Node& node, Binary& out) {
        const auto path = read_text(d, node, name);
        if (!path) return;
        check_binary_path(d, node.at, name, *path);
        out.path = path->rfind("/", 0) == 0 ? clean_path(*path) : *path;
        out.script = script;
      },
      summary);
}

const Keys<Binary>& binary_keys() {
  static const Keys<Binary> keys = {
      binary_path("path", false, "The executable: absolute, or '**/name'; '*' makes it a glob."),
      binary_path("script", true, "A script that the kernel's shebang started."),
      other<Binary>(
          "via", text_shape(kBinaryPath),
          [](Diagnostics& d, const Node& node, Binary& out) {
            const auto path = read_text(d, node, "via");
            if (!path) return;
            check_binary_path(d, node.at, "via", *path);
            out.via = path->rfind("/", 0) == 0 ? clean_path(*path) : *path;
          },
          "An ancestor that must be in the process tree."),
      other<Binary>(
          "sha256", text_shape(kSha256, true),
          [](Diagnostics& d, const Node& node, Binary& out) {
            if (auto text = read_text(d, node, "sha256", Numbers::Accepted))
              if (auto digest = check_sha256(d, node.at, *text)) out.sha256 = std::move(*digest);
          },
          "The executable's digest."),
  };
  return keys;
}

void decode_binaries(Diagnostics& diagnostics, const Node& node, NetworkEntry& out) {
  out.binaries.emplace();
  if (node.kind == NodeKind::List && node.items.empty())
    diagnostics.error("P0401", node.at, "'binaries' is an empty list, which would match no process",
                      "remove the key to allow any process of the sandbox, or name a binary");
  for_each_item(diagnostics, node, "binaries", [&](const Node& item) {
    Binary binary;
    binary.at = item.at;
    if (!decode_map(diagnostics, item, "a binary", binary_keys(), binary)) return;
    const bool path = item.find("path") != nullptr, script = item.find("script") != nullptr;
    if (path == script)
      diagnostics.error("P0404", item.at,
                        path ? "'path' and 'script' stand in one binary" : "a binary needs 'path'",
                        "name one of them");
    out.binaries->push_back(std::move(binary));
  });
}

void decode_endpoints(Diagnostics& diagnostics, const Node& node, NetworkEntry& out) {
  for_each_item(diagnostics, node, "endpoints",
                [&](const Node& item) { decode_endpoint(diagnostics, item, out.endpoints); });
  if (node.kind == NodeKind::List && node.items.empty())
    diagnostics.error("P0415", node.at, "'endpoints' is empty",
                      "name at least one host and port, or remove the entry");
}

Shape endpoint_shape() {
  Shape shape = object_shape(endpoint_keys);
  shape.exactly_one = {{"port", "ports"}};
  shape.at_most_one = {{"access", "rules"}};
  return shape;
}

Shape binary_shape() {
  Shape shape = object_shape(binary_keys);
  shape.exactly_one = {{"path", "script"}};
  return shape;
}

const Keys<NetworkEntry>& entry_keys() {
  static const Keys<NetworkEntry> keys = {
      text("name", &NetworkEntry::name, "Shown instead of the key.", Numbers::Accepted),
      required(other<NetworkEntry>("endpoints", list_shape(endpoint_shape(), false), decode_endpoints,
                                   "Where connections may go.")),
      other<NetworkEntry>("binaries", list_shape(binary_shape(), false), decode_binaries,
                          "Which processes may; absent: any."),
  };
  return keys;
}

void decode_network(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  if (!expect_kind(diagnostics, node, NodeKind::Map, "network_policies")) return;
  for (const Node::Member& member : node.members) {
    NetworkEntry entry;
    entry.key = entry.name = member.key;
    entry.at = member.at;
    if (member.key.empty()) diagnostics.error("P0417", member.at, "an entry needs a name");
    if (decode_map(diagnostics, member.value, "entry " + quoted(member.key, 64), entry_keys(), entry))
      policy.network.push_back(std::move(entry));
  }
  std::sort(policy.network.begin(), policy.network.end(),
            [](const NetworkEntry& a, const NetworkEntry& b) { return a.key < b.key; });
}

}  // namespace

std::vector<std::string> read_cidrs(Diagnostics& diagnostics, const Node& node, std::string_view key) {
  std::vector<std::string> cidrs;
  for_each_item(diagnostics, node, key, [&](const Node& item) {
    const auto text = read_text(diagnostics, item, key);
    if (!text) return;
    if (auto cidr = check_cidr(diagnostics, item.at, key, *text)) cidrs.push_back(std::move(*cidr));
  });
  return cidrs;
}

Key<Policy> network_section() {
  return other<Policy>("network_policies", map_shape(object_shape(entry_keys)), decode_network,
                       "Where connections may go, by name of the entry.");
}

}  // namespace nemoclaw::policy
