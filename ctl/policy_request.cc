#include "ctl/policy_request.h"

namespace nemoclaw::ctl {
namespace {

policy::Decision invalid(std::string reason) {
  policy::Decision decision;
  decision.layer = "l7";
  decision.code = "invalid_request";
  decision.reason = std::move(reason);
  return decision;
}

// The authority of an absolute URL must be the connection's.
bool names_connection(const std::string& authority, const policy::L4Request& connection) {
  const size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  const auto host = policy::normalise_host(authority.substr(0, has_port ? colon : std::string::npos));
  return host && *host == connection.host &&
         (!has_port || authority.substr(colon + 1) == std::to_string(connection.port));
}

}  // namespace

policy::Decision judge(const policy::Engine& engine, const DescribedRequest& described) {
  if (!described.malformed.empty()) return invalid(described.malformed);
  auto host = policy::normalise_host(described.host);
  if (!host) return invalid(host.error().message);
  policy::L7Request request = described.request;
  request.connection = {described.caller, std::move(*host), described.port};
  policy::Decision l4 = engine.decide_l4(request.connection);
  if (l4.verdict == policy::Verdict::Allow && described.addresses)
    l4 = engine.judge_addresses(request.connection, l4, *described.addresses, {});
  if (l4.verdict != policy::Verdict::Allow || !described.inspect) return l4;
  if (described.target) {
    auto outcome = policy::canonicalise_target(*described.target, l4.keep_encoded_slash);
    if (!outcome.target) return invalid(std::move(outcome.reason));
    if (!outcome.target->authority.empty() &&
        !names_connection(outcome.target->authority, request.connection))
      return invalid("the target's authority is not the connection's host");
    request.path = std::move(outcome.target->path);
    request.query = std::move(outcome.target->pairs);
  }
  return engine.decide_l7(request);
}

}  // namespace nemoclaw::ctl
