// From the command line and a bundle to what is going to be started: spec read and checked, policy selected
// and compiled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/compile/compile.h"
#include "policy/select/select.h"
#include "runtime/base/result.h"
#include "runtime/cli/verb.h"
#include "runtime/oci/effective_spec.h"

namespace nemoclaw::cli {

struct Prepared {
  std::string id;
  std::string bundle, rootfs;  // absolute
  oci::EffectiveSpec effective;
  policy::NodeConfig config;
  std::optional<policy::Selected> selected;  // nullopt: no policy applies
  std::vector<policy::ReportLine> report;
};

// Has no effect on the system. `bundle` as given, relative to the caller's directory; empty: that directory.
Result<Prepared> prepare(const Globals& globals, const std::string& bundle, const std::string& id);

}  // namespace nemoclaw::cli
