// The process of an exec: from --process FILE, or the container's own process changed by the options.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/cli/options.h"
#include "runtime/oci/effective_spec.h"

namespace nemoclaw::cli {

// `arguments.positional` is the id and then the command.
Result<oci::Process> make_exec_process(const Arguments& arguments, const oci::EffectiveSpec& effective);

// Pure. "1000" or "1000:1000": changes the ids that are given.
Result<void> apply_user(const std::string& text, oci::User& user);

}  // namespace nemoclaw::cli
