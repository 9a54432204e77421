#include "policy/parse/parse.h"

#include <fcntl.h>

#include "policy/parse/decode.h"
#include "policy/parse/diagnostics.h"
#include "policy/parse/tree.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/sha256.h"

namespace nemoclaw::policy {
namespace {

// "/etc/nemoclaw/policies/slack.yaml" -> "slack".
std::string policy_name(std::string_view file_name) {
  std::string_view name = base_name(file_name);
  for (std::string_view suffix : {".yaml", ".yml"})
    if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
      name.remove_suffix(suffix.size());
  return std::string(name);
}

}  // namespace

ParseOutcome parse_policy(std::string_view text, std::string_view file_name) {
  Diagnostics diagnostics(text);
  Policy policy;
  policy.name = policy_name(file_name);
  policy.digest = "sha256:" + sha256_hex(text);
  if (const auto root = parse_tree(text, diagnostics)) decode_policy(diagnostics, *root, policy);
  ParseOutcome outcome;
  if (!diagnostics.has_error()) outcome.policy = std::move(policy);
  outcome.diagnostics = diagnostics.take();
  return outcome;
}

Result<Policy> load_policy(const std::string& file) {
  const std::string text = TRY_CONTEXT(read_file(file, TreeLimits().bytes_max), "policy");
  ParseOutcome outcome = parse_policy(text, file);
  if (outcome.policy) return std::move(*outcome.policy);
  std::string message;
  for (const Diagnostic& diagnostic : outcome.diagnostics) {
    if (diagnostic.severity != Severity::Error) continue;
    if (!message.empty()) message += '\n';
    message += render_line(diagnostic, file);
  }
  return make_error(std::move(message));
}

}  // namespace nemoclaw::policy
