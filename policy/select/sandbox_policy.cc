#include "policy/select/sandbox_policy.h"

#include <algorithm>

#include "policy/model/ceiling.h"
#include "policy/select/directories.h"
#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

Result<Policy> read_checked(const std::string& file, const std::string& digest) {
  auto read = read_policy(file);
  if (!read) {
    Error error = std::move(read).error();
    for (size_t at; (at = error.message.find('\n')) != std::string::npos;) error.message.replace(at, 1, "; ");
    return error;
  }
  if (!digest.empty() && read->policy.digest != digest)
    return make_error(quoted(file) + " has the digest " + read->policy.digest + ", but sandbox.json says " +
                      digest);
  return std::move(read->policy);
}

}  // namespace

Result<Policy> under_sandbox_ceiling(const std::string& directory, const oci::SandboxRecord& record,
                                     Policy policy) {
  if (record.ceiling_digest.empty()) return policy;
  Policy ceiling = TRY(read_checked(directory + "/ceiling.yaml", record.ceiling_digest));
  if (!record.ceiling.empty()) ceiling.name = record.ceiling;
  return intersect(std::move(policy), std::move(ceiling));
}

Result<Policy> read_sandbox_policy(const std::string& directory, const oci::SandboxRecord& record) {
  return under_sandbox_ceiling(directory, record,
                               TRY(read_checked(directory + "/policy.yaml", record.policy_digest)));
}

}  // namespace nemoclaw::policy
