#include <algorithm>

#include "ctl/lint.h"

namespace nemoclaw::ctl {
namespace {

bool ends_with_name(std::string_view host, std::string_view name) {
  return host == name ||
         (host.size() > name.size() && host.ends_with(name) && host[host.size() - name.size() - 1] == '.');
}

bool is_plain(const policy::Endpoint& endpoint) {
  return endpoint.protocol == policy::Protocol::L4 && !endpoint.protocol_written;
}

// By its first label and its port.
bool looks_like_api(const policy::Endpoint& endpoint) {
  const std::string_view label = std::string_view(endpoint.host).substr(0, endpoint.host.find('.'));
  const bool named = label == "api" || label == "graph" || label == "graphql" || label == "gateway" ||
                     label.starts_with("api-") || label.ends_with("-api");
  const bool web = std::any_of(endpoint.ports.begin(), endpoint.ports.end(),
                               [](uint16_t port) { return port == 443 || port == 80 || port == 8443; });
  return named && web;
}

const char* provider_of(std::string_view host) {
  constexpr std::string_view kProviders[] = {"integrate.api.nvidia.com",
                                             "inference-api.nvidia.com",
                                             "api.openai.com",
                                             "api.anthropic.com",
                                             "generativelanguage.googleapis.com",
                                             "api.mistral.ai",
                                             "openrouter.ai",
                                             "api.groq.com",
                                             "api.together.xyz",
                                             "api.deepseek.com",
                                             "api.cohere.com"};
  for (std::string_view name : kProviders)
    if (ends_with_name(host, name)) return "an inference provider";
  constexpr std::string_view kNetworks[] = {"cloudfront.net", "akamaihd.net",  "akamaized.net",
                                            "fastly.net",     "azureedge.net", "cdn.jsdelivr.net",
                                            "unpkg.com",      "b-cdn.net",     "cdnjs.cloudflare.com",
                                            "workers.dev",    "r2.dev"};
  for (std::string_view name : kNetworks)
    if (ends_with_name(host, name)) return "a content network";
  return nullptr;
}

void lint_endpoint(const policy::Endpoint& endpoint, Findings& findings) {
  const std::string host = quoted(endpoint.host, 128);
  if (is_plain(endpoint) && endpoint.tls == policy::Tls::Auto && looks_like_api(endpoint))
    findings.add("L0103", endpoint.at, host + " looks like an API, but its requests are not inspected",
                 "add 'protocol: rest' with rules, or 'access: read-only'");
  if (endpoint.host.find('*') != std::string::npos && endpoint.allowed_ips.empty())
    findings.add("L0105", endpoint.at, host + " is a wildcard: whoever gets a name below it is reachable",
                 "write each host by its name, or bound the addresses with 'allowed_ips'");
  if (const char* kind = provider_of(endpoint.host)) {
    const bool provider = std::string_view(kind) == "an inference provider";
    findings.add("L0106", endpoint.at,
                 host + " belongs to " + kind +
                     (provider ? ": requests with prompts go past inference routing"
                               : ": anybody may publish and receive there"),
                 provider ? "use 'inference' instead of a network entry"
                          : "name the exact host, and allow only GET on the paths that are needed");
  }
  if (endpoint.enforcement == policy::Enforcement::Audit)
    findings.add("L0113", endpoint.at, "'enforcement: audit' forwards what the rules of " + host + " deny",
                 "write 'enforcement: enforce' when the rules are complete");
  if (endpoint.protocol == policy::Protocol::Rest && !endpoint.protocol_written)
    findings.add("L0115", endpoint.at, "rules or access of " + host + " imply 'protocol: rest'",
                 "write 'protocol: rest'");
}

}  // namespace

void lint_endpoints(const LintInput& input, Findings& findings) {
  for (const policy::NetworkEntry& entry : input.policy.network)
    for (const policy::Endpoint& endpoint : entry.endpoints) lint_endpoint(endpoint, findings);
}

}  // namespace nemoclaw::ctl
