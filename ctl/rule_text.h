// Rules and limits in the words of a message.
#pragma once

#include <string>

#include "policy/model/policy.h"

namespace nemoclaw::ctl {

// "GET /v1/** with query tag=a|b", "query 'Get*' of viewer, repo", "tools/call of search_*".
std::string rule_text(const policy::Rule& rule);
// "at most 60 requests a minute and 10 bytes a body"; "" without limits.
std::string limits_text(const policy::RateLimits& limits);

}  // namespace nemoclaw::ctl
