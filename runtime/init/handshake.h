// What parent and child tell each other between clone and "created" (or, for exec, between clone and execve).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/channel.h"
#include "runtime/base/result.h"
#include "runtime/oci/effective_spec.h"

namespace nemoclaw::init {

// Parent to child, always in this order; the child may wait for a later one and passes the earlier ones by.
enum class Go : uint32_t {
  Start = 0,
  MapsWritten = 1,  // the user namespace has its ids
  CgroupJoined = 2,
  Proceed = 3,  // the runtime's hooks are done; payload: the child's pid as the runtime sees it
};

// Child to parent.
enum class Said : uint32_t {
  Cloned = 10,  // payload: pid of the final process, which is the parent's own child, too (CLONE_PARENT)
  NamespacesReady = 11,
  Created = 12,  // payload: protections
  Failed = 13,   // payload: error record
};

// {"step","errno","exit_code","message"}; also what a failing start sends on the start connection.
std::string encode_failure(std::string_view step, const Error& error);
Error decode_failure(std::string_view text);

std::string encode_protections(const std::vector<oci::Protection>& protections);
std::vector<oci::Protection> decode_protections(std::string_view text);

}  // namespace nemoclaw::init
