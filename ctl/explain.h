// What `policy explain` shows: the compiler's report for the kernel, and the network policy in the proxy's
// terms.
#pragma once

#include <optional>
#include <string>

#include "ctl/options.h"
#include "policy/compile/compile.h"
#include "policy/model/policy.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {

struct Explanation {
  std::string bundle;  // empty: the spec and the image are made up
  policy::Policy policy;
  policy::Compiled compiled;
};

// Compiles the policy for a bundle, or for a made-up one; `options` may hold --config.
Result<Explanation> explain(policy::Policy policy, const Options& options,
                            const std::optional<std::string>& bundle);

// Pure.
std::string explain_text(const Explanation& explanation);
std::string explain_json(const Explanation& explanation);

// The parts that the proxy and the fence are told.
std::string explain_network(const policy::Policy& policy);
void write_network(json::Writer& writer, const policy::Policy& policy);

// Facts about an image that has every path which the policy names, and no accounts.
policy::Facts made_up_facts(const policy::Policy& policy);

}  // namespace nemoclaw::ctl
