// A record of the `events` verb, in the form that runc's readers know: members that are 0 are left out. Pure.
#pragma once

#include <string>

#include "runtime/cgroup/stats.h"

namespace nemoclaw::cli {

std::string encode_stats(const std::string& id, const cgroup::Stats& stats);
std::string encode_oom(const std::string& id);

}  // namespace nemoclaw::cli
