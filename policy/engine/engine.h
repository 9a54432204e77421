// The decision: a policy compiled once, asked many times. decide_*() are const, take plain values, do no I/O,
// read no clock, and are safe to call from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine/credential_binding.h"
#include "policy/engine/request.h"
#include "policy/model/address.h"
#include "policy/model/host.h"
#include "policy/model/policy.h"
#include "runtime/base/result.h"

namespace nemoclaw::policy {

enum class Verdict : uint8_t { Allow, Deny };

// How the policy names a host, whatever the port and the program.
enum class HostMatch : uint8_t { None, Wildcard, Exact };

struct Decision {
  Verdict verdict = Verdict::Deny;
  std::string layer;       // "l4", "l7", "ssrf", "identity"
  std::string entry;       // key of the entry that decided; empty when none matched
  uint32_t rule_line = 0;  // line of the endpoint or rule in the policy file; 0 = none
  std::string code;        // "policy_denied", "ssrf_denied", ... (egress.md section 6); empty when allowed
  std::string reason;      // one sentence
  std::string nearest;     // for a denial: the entry that came nearest and what is missing; may be empty
  bool needs_l7 = false;   // allowed at L4, but the endpoint's rules judge each request
  bool has_credentials = false;  // allowed at L4, and placeholders in its requests become secrets
  bool is_inspected() const { return needs_l7 || has_credentials; }
  // For canonicalise_target(), before the path is known: some endpoint of this connection keeps %2F.
  bool keep_encoded_slash = false;

  // Of decide_l7() only.
  int32_t rule_index = -1;  // in the endpoint's rules or deny_rules, 0-based; -1: access, or no rule
  bool by_deny_rule = false;
  bool would_deny = false;  // allowed only because enforcement is audit: code and reason say what rules deny
  RateLimits limits;        // of the endpoint that was chosen
  uint32_t endpoint_line = 0;  // its line: what is counted against its limits
};

// A name that the policy writes and where it leads inside the image: /usr/bin/python3 -> /usr/bin/python3.11.
// Both match.
struct BinaryAlias {
  std::string named, resolved;
};

class Engine {
 public:
  // Fails on a policy that cannot be enforced (overlapping endpoints that disagree ...).
  // With a ceiling (policy.ceiling) only what both allow is allowed.
  // `aliases`: the policy's named binaries that are links in the image, resolved inside its root.
  static Result<std::shared_ptr<const Engine>> compile(const Policy& policy,
                                                       const std::vector<BinaryAlias>& aliases = {});
  virtual ~Engine() = default;

  virtual Decision decide_l4(const L4Request& request) const = 0;
  // One request of a connection; judges the connection as well, so that a new policy holds for the next
  // request of an old connection.
  virtual Decision decide_l7(const L7Request& request) const = 0;
  // How the requests to this path are to be read before decide_l7() can judge them: the protocol and the
  // limits of the endpoint with the most specific path. Absent: decide_l7() will deny, or does not look.
  virtual std::optional<L7Plan> plan_l7(const L4Request& request, std::string_view path) const = 0;
  // After an L4 allow: are these resolved addresses reachable under that decision (egress.md section 4)?
  // Judges every one; `node_addresses` are the machine's own. Denied if any is denied.
  virtual Decision judge_addresses(const L4Request& request, const Decision& l4,
                                   const std::vector<Address>& addresses,
                                   const std::vector<Address>& node_addresses) const = 0;
  // Which names may be resolved for the sandbox. An endpoint that is addresses alone names no host.
  virtual HostMatch match_host(std::string_view host) const = 0;
  virtual DnsMode dns_mode() const = 0;
  // Of the policy; a ceiling bounds where connections go, and names no secrets.
  virtual const std::vector<CredentialBinding>& credentials() const = 0;
  // Binary paths (no globs) that the policy names: hashed at create.
  virtual std::vector<std::string> named_binaries() const = 0;
};

}  // namespace nemoclaw::policy
