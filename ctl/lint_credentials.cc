#include <algorithm>

#include "ctl/lint.h"
#include "policy/model/host.h"

namespace nemoclaw::ctl {
namespace {

bool reaches(const policy::Endpoint& endpoint, const policy::Credential& credential) {
  const auto mine = policy::HostPattern::parse(endpoint.host),
             theirs = policy::HostPattern::parse(credential.host);
  return mine && theirs && mine->overlaps(*theirs) &&
         std::find(endpoint.ports.begin(), endpoint.ports.end(), credential.port) != endpoint.ports.end();
}

bool is_reached(const policy::Policy& policy, const policy::Credential& credential) {
  for (const policy::NetworkEntry& entry : policy.network)
    for (const policy::Endpoint& endpoint : entry.endpoints)
      if (reaches(endpoint, credential)) return true;
  return false;
}

}  // namespace

void lint_credentials(const LintInput& input, Findings& findings) {
  for (const policy::Credential& credential : input.policy.credentials) {
    const std::string place = quoted(credential.host, 128) + " port " + std::to_string(credential.port);
    if (!is_reached(input.policy, credential))
      findings.add("L0118", credential.at,
                   "no endpoint reaches " + place + ", so that the secret is never used",
                   "add an endpoint, or remove the credential");
    if (credential.plain_http)
      findings.add("L0119", credential.at,
                   "the secret goes to " + place + " without TLS: the network reads it",
                   "use TLS and remove 'plain_http'");
    if (credential.host.find('*') != std::string::npos)
      findings.add("L0120", credential.at,
                   "the secret goes to every host below " + quoted(credential.host, 128),
                   "write a credential for each host by its name");
  }
}

}  // namespace nemoclaw::ctl
