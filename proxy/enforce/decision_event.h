// From what the engine decided to what the audit says. Only for this room.
#pragma once

#include <vector>

#include "policy/engine/engine.h"
#include "proxy/audit/event.h"
#include "proxy/enforce/context.h"

namespace nemoclaw::enforce {

policy::Decision denial(std::string layer, std::string code, std::string reason);
void take_decision(const policy::Decision& decision, audit::Event& event);
std::vector<policy::Address> to_policy_addresses(const std::vector<asio::ip::address>& addresses);

}  // namespace nemoclaw::enforce
