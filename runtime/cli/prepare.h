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

// As given on the command line, relative to the caller's directory.
struct BundlePlace {
  std::string directory;  // empty: the caller's
  std::string config;     // empty: config.json in the bundle
};
// Has no effect on the system.
Result<Prepared> prepare(const Globals& globals, const BundlePlace& place, const std::string& id);

}  // namespace nemoclaw::cli
