// The program of args[0]: looked up inside the container as a shell would, and refused if it is the runtime
// itself.
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::init {

// Which file the runtime's own binary is; taken before entering the container.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
};
Result<FileIdentity> own_identity();

// The path to execute, in the calling process's root. The texts are runc's, which managers classify by:
//   exec: "NAME": executable file not found in $PATH
//   exec: "PATH": stat PATH: no such file or directory
//   exec: "PATH": permission denied
Result<std::string> find_program(const oci::Process& process, const FileIdentity& own);

// The value of `name` in an environment; the last one wins, as in the process. nullptr if absent.
const char* environment_value(const oci::Strings& env, std::string_view name);

}  // namespace nemoclaw::init
