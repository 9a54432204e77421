// What create and run have in common: their options, and the way from Prepared to a running create.
#pragma once

#include "runtime/cli/prepare.h"
#include "runtime/cli/verb.h"
#include "runtime/container/create.h"

namespace nemoclaw::cli {

#define NEMOCLAW_CREATE_OPTIONS                                                                     \
  {"bundle", 'b', Takes::Value, "directory with config.json (default: the current one)"},           \
      {"config", 'f', Takes::Value, "file to read instead of the bundle's config.json"},            \
      {"console-socket", 0, Takes::Value, "AF_UNIX socket that gets the terminal's master"},        \
      {"pidfd-socket", 0, Takes::Value, "AF_UNIX socket that gets a pidfd of the init process"},    \
      {"pid-file", 0, Takes::Value, "file that gets the pid of the init process"},                  \
      {"no-pivot", 0, Takes::Nothing, "move the root instead of pivot_root (rootfs on a ramdisk)"}, \
      {"no-new-keyring", 0, Takes::Nothing, "keep the caller's session keyring"}, {                 \
    "preserve-fds", 0, Takes::Value, "keep descriptors 3 to 2+N open in the container (default: 0)" \
  }

// --preserve-fds: the number, when that many descriptors from 3 on were really handed to this program.
Result<int> preserved_descriptors(const Arguments& arguments);

Result<container::CreateRequest> make_create_request(const Globals& globals, const Arguments& arguments,
                                                     Prepared& prepared);

}  // namespace nemoclaw::cli
