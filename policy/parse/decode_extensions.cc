// inbound, dns, approval, audit.
#include "policy/model/words.h"
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

const Keys<InboundRule>& inbound_keys() {
  static const Keys<InboundRule> keys = {
      required(other<InboundRule>(
          "port", integer_shape(1, 65535),
          [](Diagnostics& d, const Node& node, InboundRule& out) {
            if (const auto port = read_integer(d, node, "port", 1, 65535))
              out.port = static_cast<uint16_t>(*port);
          },
          "The port inside the sandbox.")),
      choice<InboundRule>(
          "protocol", {"tcp", "udp"},
          [](InboundRule& out, size_t index) { out.protocol = index == 0 ? "tcp" : "udp"; }, "tcp or udp."),
      other<InboundRule>(
          "from", list_shape(Shape::Text, false),
          [](Diagnostics& d, const Node& node, InboundRule& out) {
            out.from = read_cidrs(d, node, "from");
            if (node.kind == NodeKind::List && node.items.empty())
              d.error("P0501", node.at, "'from' is empty and would admit nobody",
                      "name addresses, or remove the key to admit everybody");
          },
          "Addresses and ranges; absent: anywhere."),
  };
  return keys;
}

const Keys<Policy>& dns_keys() {
  static const Keys<Policy> keys = {
      choice<Policy>(
          "mode", written_words(kDnsWords),
          [](Policy& out, size_t index) { out.dns = static_cast<DnsMode>(index); },
          "policy: only names that the policy allows are answered."),
  };
  return keys;
}

const Keys<Policy>& approval_keys() {
  static const Keys<Policy> keys = {
      choice<Policy>(
          "mode", written_words(kApprovalWords),
          [](Policy& out, size_t index) { out.approval = static_cast<ApprovalMode>(index); },
          "What happens with unlisted destinations."),
      integer("hold_ms", &Policy::approval_hold_ms, 0, 600'000, "How long a request waits for an answer."),
      choice<Policy>(
          "default_lifetime", {"once", "session", "sandbox", "policy"},
          [](Policy& out, size_t index) {
            constexpr const char* kLifetimes[] = {"once", "session", "sandbox", "policy"};
            out.approval_lifetime = kLifetimes[index];
          },
          "How long an approval lasts if the operator does not say."),
  };
  return keys;
}

const Keys<Policy>& audit_keys() {
  static const Keys<Policy> keys = {
      choice<Policy>(
          "queries", {"redact", "keep"},
          [](Policy& out, size_t index) { out.audit_queries_redact = index == 0; },
          "Whether query strings are recorded."),
      choice<Policy>(
          "bodies", {"never"}, [](Policy&, size_t) {}, "Bodies are never recorded."),
  };
  return keys;
}

}  // namespace

Key<Policy> inbound_section() {
  return objects("inbound", &Policy::inbound, inbound_keys, "an inbound rule",
                 "Who may connect to the sandbox.");
}

Key<Policy> dns_section() { return object<Policy>("dns", dns_keys, "Which names are answered."); }

Key<Policy> approval_section() {
  return other<Policy>(
      "approval", object_shape(approval_keys),
      [](Diagnostics& d, const Node& node, Policy& out) {
        if (decode_map(d, node, "approval", approval_keys(), out) && out.approval != ApprovalMode::Off)
          say_not_in_force(d, node, "approval", "unlisted destinations are denied; 'policy set' opens them");
      },
      "What happens with unlisted destinations.");
}

Key<Policy> audit_section() {
  return other<Policy>(
      "audit", object_shape(audit_keys),
      [](Diagnostics& d, const Node& node, Policy& out) {
        if (decode_map(d, node, "audit", audit_keys(), out) && !out.audit_queries_redact)
          say_not_in_force(d, node, "audit.queries: keep", "paths are recorded without their queries");
      },
      "What is recorded.");
}

}  // namespace nemoclaw::policy
