#include <algorithm>

#include "policy/model/credential.h"
#include "policy/model/host.h"
#include "policy/parse/validate.h"
#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

// Written anew by the proxy, or gone behind it.
constexpr std::string_view kNotForwarded[] = {"host",
                                              "content-length",
                                              "transfer-encoding",
                                              "connection",
                                              "keep-alive",
                                              "te",
                                              "upgrade",
                                              "trailer",
                                              "expect",
                                              "accept-encoding",
                                              "proxy-connection",
                                              "proxy-authorization"};

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool reaches(const Endpoint& endpoint, const Credential& credential) {
  const Result<HostPattern> one = HostPattern::parse(endpoint.host),
                            other = HostPattern::parse(credential.host);
  return one && other && one->overlaps(*other) &&
         std::find(endpoint.ports.begin(), endpoint.ports.end(), credential.port) != endpoint.ports.end();
}

void check_inspectable(Diagnostics& diagnostics, const Credential& credential, const NetworkEntry& entry) {
  for (const Endpoint& endpoint : entry.endpoints) {
    const bool closed = endpoint.tls == Tls::Passthrough || endpoint.protocol == Protocol::Tcp;
    if (closed && reaches(endpoint, credential))
      diagnostics.error("P0453", credential.at,
                        "the requests to " + credential.host +
                            " must be read to replace a placeholder, but entry '" + entry.key + "' (line " +
                            std::to_string(endpoint.at.line) + ") passes them through",
                        "remove 'tls: passthrough' or 'protocol: tcp' there");
  }
}

}  // namespace

bool check_secret_name(Diagnostics& diagnostics, Location at, std::string_view name) {
  if (is_secret_name(name)) return true;
  diagnostics.error("P0450", at, "'secret': " + quoted(name, 80) + " is no name of a secret",
                    "letters, digits, '-' and '_', at most 64; the value is for 'nemoclawctl secret set'");
  return false;
}

bool check_credential_header(Diagnostics& diagnostics, Location at, std::string_view header) {
  std::string lower(header);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (is_token(header) &&
      std::find(std::begin(kNotForwarded), std::end(kNotForwarded), lower) == std::end(kNotForwarded))
    return true;
  diagnostics.error("P0452", at, "'header': " + quoted(header, 80) + " can carry no credential",
                    "name a field that reaches the origin as it was sent, like Authorization or X-Api-Key");
  return false;
}

void check_credentials(Diagnostics& diagnostics, const Policy& policy) {
  for (size_t i = 0; i < policy.credentials.size(); ++i) {
    const Credential& credential = policy.credentials[i];
    for (const NetworkEntry& entry : policy.network) check_inspectable(diagnostics, credential, entry);
    for (size_t earlier = 0; earlier < i; ++earlier)
      if (policy.credentials[earlier].variable == credential.variable &&
          policy.credentials[earlier].secret != credential.secret)
        diagnostics.error("P0454", credential.at,
                          "the variable " + credential.variable + " is to hold two placeholders: those of " +
                              quoted(policy.credentials[earlier].secret) + " and of " +
                              quoted(credential.secret),
                          "name another one with 'variable'");
  }
}

}  // namespace nemoclaw::policy
