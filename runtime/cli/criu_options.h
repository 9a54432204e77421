// The options that checkpoint and restore share.
#pragma once

#include "runtime/base/result.h"
#include "runtime/cli/options.h"
#include "runtime/cli/verb.h"
#include "runtime/container/criu_plan.h"

namespace nemoclaw::cli {

#define NEMOCLAW_CRIU_OPTIONS                                                                                     \
  {"image-path", 0, Takes::Value, "directory of the images (default: ./checkpoint)"},                             \
      {"work-path", 0, Takes::Value, "directory of criu's logs and other files"},                                 \
      {"tcp-established", 0, Takes::Nothing, "allow open TCP connections"},                                       \
      {"ext-unix-sk", 0, Takes::Nothing, "allow connections to unix sockets outside"},                            \
      {"shell-job", 0, Takes::Nothing, "allow processes of the caller's session"},                                \
      {"lazy-pages", 0, Takes::Nothing, "memory on demand, through criu lazy-pages"},                             \
      {"file-locks", 0, Takes::Nothing, "allow file locks"},                                                      \
      {"link-remap", 0, Takes::Nothing, "allow files that are open and unlinked"},                                \
      {"manage-cgroups-mode", 0, Takes::Value, "soft, full, strict or ignore (default: ignore)"},                 \
      {"empty-ns", 0, Takes::Values, "namespace to create empty: network"},                                       \
  {"auto-dedup", 0, Takes::Nothing, "punch out of the images what a later one has"}

// Paths become absolute.
Result<container::CriuOptions> make_criu_options(const Globals& globals, const Arguments& arguments);

}  // namespace nemoclaw::cli
