// Who the process is: ids, groups, umask, home, and the label that a security module gives it at exec.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::isolation {

// Changes groups, gid and uid for good and sets the umask (default 022). Capabilities survive in the
// permitted set. Needs CAP_SETGID and CAP_SETUID.
// `keep_groups`: the supplementary groups stay as they are.
Result<void> apply_user(const oci::User& user, bool keep_groups);

// Gives the standard streams to the user, so that /dev/stdout can be reopened; the null device, which all
// share, stays.
Result<void> own_standard_streams(const oci::User& user);

// The home directory from the text of a passwd(5) file; "/" if the user is not there. Pure.
std::string home_directory(std::string_view passwd, uint32_t uid);

// The environment as the process gets it: of equal names the last wins, in the place of the first; HOME set
// if it is missing or empty. Pure.
oci::Strings process_environment(const oci::Strings& env, const std::string& home);

// Descriptor of the attribute to which the label is written just before exec, opened while procfs is at hand;
// invalid when the process has neither label nor profile. `proc` is the host's procfs.
struct ExecLabel {
  Fd attribute;
  std::string text;
};
Result<ExecLabel> open_exec_label(const oci::Process& process, FdRef proc);
Result<void> apply_exec_label(const ExecLabel& label);

// A session keyring of its own, named after the container. Kernels without keyrings are fine.
Result<void> join_session_keyring(const std::string& id);

}  // namespace nemoclaw::isolation
