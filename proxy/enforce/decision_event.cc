#include "proxy/enforce/decision_event.h"

namespace nemoclaw::enforce {

policy::Decision denial(std::string layer, std::string code, std::string reason) {
  policy::Decision decision;
  decision.layer = std::move(layer);
  decision.code = std::move(code);
  decision.reason = std::move(reason);
  return decision;
}

void take_decision(const policy::Decision& decision, audit::Event& event) {
  event.layer = decision.layer;
  event.code = decision.code;
  event.entry = decision.entry;
  event.rule_line = decision.rule_line;
  event.reason = decision.reason;
}

std::vector<policy::Address> to_policy_addresses(const std::vector<asio::ip::address>& addresses) {
  std::vector<policy::Address> converted;
  for (const asio::ip::address& address : addresses) converted.push_back(to_policy_address(address));
  return converted;
}

}  // namespace nemoclaw::enforce
