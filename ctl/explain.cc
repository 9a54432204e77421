#include "ctl/explain.h"

#include <algorithm>

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

std::string endpoint_lines(const Endpoint& endpoint) {
  std::string text = "    " + (endpoint.host.empty() ? std::string("any host") : endpoint.host) + " port " +
                     ports_of(endpoint) + (endpoint.path.empty() ? "" : " path " + endpoint.path) +
                     "  (line " + std::to_string(endpoint.at.line) + ")\n";
  text += "      judged: " + judged_as(endpoint) + "\n";
  if (!endpoint.allowed_ips.empty()) text += "      addresses: only " + join(endpoint.allowed_ips) + "\n";
  if (const size_t rules = endpoint.rules.size(), denied = endpoint.deny_rules.size(); rules + denied > 0)
    text += "      rules: " + std::to_string(rules) + " allow, " + std::to_string(denied) + " deny\n";
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
      writer.member("allowed_ips", endpoint.allowed_ips).end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array();
}

}  // namespace

std::string explain_text(const Explanation& explanation) {
  const policy::Policy& policy = explanation.policy;
  std::string text =
      (policy.is_preset ? "preset " : "policy ") + quoted(policy.name) + " " + policy.digest + "\n";
  text += explanation.bundle.empty() ? "bundle: none given; a made-up one is used: the default spec, and an "
                                       "image that has every path which the policy "
                                       "names and no accounts. For a real one: --bundle DIR\n"
                                     : "bundle: " + explanation.bundle + "\n";
  // In the compiler's order, one heading per area.
  std::vector<std::string> areas;
  for (const policy::ReportLine& line : explanation.compiled.report)
    if (std::find(areas.begin(), areas.end(), line.area) == areas.end()) areas.push_back(line.area);
  for (const std::string& area : areas) {
    text += "\n" + area + "\n";
    for (const policy::ReportLine& line : explanation.compiled.report) {
      if (line.area != area) continue;
      text += "  " + line.what + "\n";
      if (!line.why.empty()) text += "      because of " + line.why + "\n";
    }
  }
  return text + "\nconnections that the proxy lets through\n" + network_text(policy);
}

std::string explain_json(const Explanation& explanation) {
  json::Writer writer;
  writer.begin_object().member("policy", explanation.policy.name).member("digest", explanation.policy.digest);
  writer.member("kind", explanation.policy.is_preset ? "preset" : "policy");
  writer.member("bundle", explanation.bundle).member("bundle_made_up", explanation.bundle.empty());
  writer.key("report").begin_array();
  for (const policy::ReportLine& line : explanation.compiled.report)
    writer.begin_object()
        .member("area", line.area)
        .member("what", line.what)
        .member("why", line.why)
        .end_object();
  writer.end_array();
  write_network(writer, explanation.policy);
  return writer.end_object().take();
}

policy::Facts made_up_facts(const policy::Policy& policy) {
  policy::Facts facts;
  facts.container_id = "example";
  facts.sandbox_directory = "/run/nemoclaw/sandboxes/example";
  const policy::FilesystemPolicy& filesystem = policy.filesystem;
  for (const auto* list : {&filesystem.read_only, &filesystem.read_write, &filesystem.no_access,
                           &policy.integrity.read_only_mounts})
    for (const policy::Path& path : *list) facts.existing_paths.push_back(path.path);
  facts.existing_paths.insert(facts.existing_paths.end(),
                              {"/bin", "/sbin", "/lib", "/usr", "/etc", "/tmp", "/bin/sh"});
  facts.command = "/bin/sh";
  return facts;
}

}  // namespace nemoclaw::ctl
