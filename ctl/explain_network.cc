// What the proxy and the fence are told: connections, requests, names, who may connect in.
#include "ctl/explain.h"
#include "ctl/rule_text.h"
#include "policy/model/credential.h"
#include "policy/model/words.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

using policy::Endpoint;
using policy::NetworkEntry;
using policy::Protocol;

const char* protocol_name(Protocol protocol) {
  return protocol == Protocol::L4 ? "connections" : policy::word(protocol);
}

std::string join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

std::string ports_of(const Endpoint& endpoint) {
  std::vector<std::string> ports;
  for (uint16_t port : endpoint.ports) ports.push_back(std::to_string(port));
  return join(ports);
}

// "requests are judged (rest, implied by rules or access)".
std::string judged_as(const Endpoint& endpoint) {
  if (!policy::is_inspected(endpoint.protocol))
    return endpoint.tls == policy::Tls::Passthrough ? "connections, tls passed through" : "connections";
  std::string text = std::string("each request, as ") + protocol_name(endpoint.protocol);
  if (!endpoint.protocol_written) text += " (implied by rules or access)";
  if (endpoint.enforcement == policy::Enforcement::Audit) text += ", denials only recorded";
  return text;
}

std::vector<std::string> binaries_of(const NetworkEntry& entry) {
  std::vector<std::string> names;
  if (!entry.binaries) return names;
  for (const policy::Binary& binary : *entry.binaries) {
    std::string name = (binary.script ? "script " : "") + binary.path;
    if (!binary.via.empty()) name += " via " + binary.via;
    if (!binary.sha256.empty()) name += " pinned to sha256:" + binary.sha256.substr(0, 12) + "...";
    names.push_back(std::move(name));
  }
  return names;
}

const char* methods_of(policy::Access access) {
  switch (access) {
    case policy::Access::ReadOnly:
      return "what only reads (access: read-only): GET, HEAD, OPTIONS; queries";
    case policy::Access::ReadWrite:
      return "reading and writing (access: read-write): also POST, PUT, PATCH; mutations; messages";
    case policy::Access::Full:
      return "everything (access: full)";
    case policy::Access::None:
      break;
  }
  return "";
}

std::string rule_line(const char* verb, const policy::Rule& rule) {
  return std::string("      ") + verb + ": " + rule_text(rule) + "  (line " + std::to_string(rule.at.line) +
         ")\n";
}

std::string endpoint_lines(const Endpoint& endpoint) {
  std::string text = "    " + (endpoint.host.empty() ? std::string("any host") : endpoint.host) + " port " +
                     ports_of(endpoint) + (endpoint.path.empty() ? "" : " path " + endpoint.path) +
                     "  (line " + std::to_string(endpoint.at.line) + ")\n";
  text += "      judged: " + judged_as(endpoint) + "\n";
  if (!endpoint.allowed_ips.empty()) text += "      addresses: only " + join(endpoint.allowed_ips) + "\n";
  if (endpoint.access != policy::Access::None)
    text += std::string("      allows: ") + methods_of(endpoint.access) + "\n";
  if (endpoint.mcp_known_methods) text += "      allows: every method that the MCP specification has\n";
  for (const policy::Rule& rule : endpoint.rules) text += rule_line("allows", rule);
  for (const policy::Rule& rule : endpoint.deny_rules) text += rule_line("denies", rule);
  if (endpoint.allow_encoded_slash) text += "      paths: '%2F' is kept in a segment\n";
  if (const std::string limits = limits_text(endpoint.limits); !limits.empty())
    text += "      limits: " + limits + "\n";
  return text;
}

std::string network_text(const policy::Policy& policy) {
  if (policy.network.empty()) return "  every connection is refused: the policy has no network_policies\n";
  std::string text;
  for (const NetworkEntry& entry : policy.network) {
    text += "  " + quoted(entry.key) + " for " +
            (entry.binaries ? join(binaries_of(entry)) : "any process of the sandbox") + "  (line " +
            std::to_string(entry.at.line) + ")\n";
    for (const Endpoint& endpoint : entry.endpoints) text += endpoint_lines(endpoint);
  }
  return text + "  everything else is refused\n";
}

std::string place_of(const policy::Credential& credential) {
  if (!credential.header.empty()) return "header " + credential.header;
  return credential.query.empty() ? std::string("the body") : "query key " + credential.query;
}

std::string credentials_text(const policy::Policy& policy) {
  std::string text;
  for (const policy::Credential& each : policy.credentials)
    text += "  " + policy::placeholder_for(each.secret) + " (" + each.variable + ") in " + place_of(each) +
            " of requests to " + each.host + ":" + std::to_string(each.port) +
            (each.plain_http ? ", without TLS too" : "") + "  (line " + std::to_string(each.at.line) + ")\n";
  if (text.empty()) return text;
  return "\nsecrets that the proxy puts in\n" + text +
         "  a request with a placeholder anywhere else is refused\n";
}

std::string inbound_text(const policy::Policy& policy) {
  std::string text;
  for (const policy::InboundRule& rule : policy.inbound)
    text += "  " + rule.protocol + " port " + std::to_string(rule.port) + " from " +
            (rule.from.empty() ? "anywhere" : join(rule.from)) + "  (line " + std::to_string(rule.at.line) +
            ")\n";
  return text + "  the sandbox's own loopback and, in a pod, the kubelet's probes; nobody else\n";
}

const char* names_text(policy::DnsMode mode) {
  switch (mode) {
    case policy::DnsMode::Policy:
      return "  those that network_policies allow\n";
    case policy::DnsMode::Open:
      return "  every name (dns.mode: open); each is recorded\n";
    case policy::DnsMode::Off:
      break;
  }
  return "  none (dns.mode: off)\n";
}

std::string not_in_force(const policy::Policy& policy) {
  std::string text;
  for (const auto& [present, section] :
       {std::pair(policy.approval != policy::ApprovalMode::Off, "approval"),
        std::pair(!policy.audit_queries_redact, "audit.queries: keep"),
        std::pair(policy.inference_present, "inference"), std::pair(policy.privacy_present, "privacy")})
    if (present) text += std::string("  ") + section + ": read and checked, nothing more\n";
  return text.empty() ? text : "\nnot yet in force\n" + text;
}

void write_rules(json::Writer& writer, const char* key, const std::vector<policy::Rule>& rules) {
  writer.key(key).begin_array();
  for (const policy::Rule& rule : rules)
    writer.begin_object()
        .member("rule", rule_text(rule))
        .member("line", static_cast<unsigned>(rule.at.line))
        .end_object();
  writer.end_array();
}

}  // namespace

std::string explain_network(const policy::Policy& policy) {
  std::string text = "\nconnections that the proxy lets through\n" + network_text(policy);
  // A preset is merged into a policy, which says the rest.
  if (policy.is_preset) return text;
  text += credentials_text(policy);
  text += std::string("\nnames that are answered\n") + names_text(policy.dns);
  text += "\nwho may connect to the sandbox\n" + inbound_text(policy);
  return text + not_in_force(policy);
}

void write_network(json::Writer& writer, const policy::Policy& policy) {
  writer.key("network").begin_array();
  for (const NetworkEntry& entry : policy.network) {
    writer.begin_object().member("entry", entry.key).member("line", static_cast<unsigned>(entry.at.line));
    writer.member("any_process", !entry.binaries.has_value()).member("binaries", binaries_of(entry));
    writer.key("endpoints").begin_array();
    for (const Endpoint& endpoint : entry.endpoints) {
      writer.begin_object()
          .member("host", endpoint.host)
          .member("line", static_cast<unsigned>(endpoint.at.line));
      writer.key("ports").begin_array();
      for (uint16_t port : endpoint.ports) writer.value(static_cast<unsigned>(port));
      writer.end_array();
      writer.member("path", endpoint.path).member("protocol", protocol_name(endpoint.protocol));
      writer.member("protocol_implied",
                    policy::is_inspected(endpoint.protocol) && !endpoint.protocol_written);
      writer.member("inspected", policy::is_inspected(endpoint.protocol));
      writer.member("enforced", endpoint.enforcement == policy::Enforcement::Enforce);
      writer.member("tls", endpoint.tls == policy::Tls::Auto ? "auto" : "passthrough");
      writer.member("access", policy::word(endpoint.access)).member("limits", limits_text(endpoint.limits));
      write_rules(writer, "allow", endpoint.rules);
      write_rules(writer, "deny", endpoint.deny_rules);
      writer.member("allowed_ips", endpoint.allowed_ips).end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array();
  writer.key("credentials").begin_array();
  for (const policy::Credential& each : policy.credentials)
    writer.begin_object()
        .member("secret", each.secret)
        .member("variable", each.variable)
        .member("host", each.host)
        .member("port", static_cast<unsigned>(each.port))
        .member("place", place_of(each))
        .member("plain_http", each.plain_http)
        .member("line", static_cast<unsigned>(each.at.line))
        .end_object();
  writer.end_array();
  writer.key("inbound").begin_array();
  for (const policy::InboundRule& rule : policy.inbound)
    writer.begin_object()
        .member("port", static_cast<unsigned>(rule.port))
        .member("protocol", rule.protocol)
        .member("from", rule.from)
        .end_object();
  writer.end_array();
  writer.member("dns", policy::word(policy.dns)).member("approval", policy::word(policy.approval));
  writer.member("not_in_force", [&] {
    std::vector<std::string> sections;
    if (policy.approval != policy::ApprovalMode::Off) sections.emplace_back("approval");
    if (!policy.audit_queries_redact) sections.emplace_back("audit.queries");
    if (policy.inference_present) sections.emplace_back("inference");
    if (policy.privacy_present) sections.emplace_back("privacy");
    return sections;
  }());
}

}  // namespace nemoclaw::ctl
