#include "ctl/policy_source.h"

#include <unistd.h>

#include <cstdio>

#include "ctl/command.h"
#include "ctl/policy_commands.h"
#include "ctl/printable.h"
#include "policy/parse/parse.h"
#include "policy/select/select.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {

std::optional<PolicySource> open_policy_file(const char* command, const std::string& file, int& exit_code) {
  auto text = read_file(file, size_t{16} << 20);
  if (!text) {
    exit_code = policy_usage_error(command, text.error().message);
    return std::nullopt;
  }
  policy::ParseOutcome outcome = policy::parse_policy(*text, file);
  for (const policy::Diagnostic& diagnostic : outcome.diagnostics)
    std::fputs(policy::render_text(diagnostic, file, wants_colour(STDERR_FILENO)).c_str(), stderr);
  if (!outcome.policy) {
    exit_code = kExitNo;
    return std::nullopt;
  }
  return PolicySource{file, std::move(*text), std::move(*outcome.policy)};
}

std::optional<PolicySource> open_policy(const char* command, const std::string& word,
                                        const std::optional<std::string>& config, int& exit_code) {
  if (word.find('/') != std::string::npos || word.ends_with(".yaml") || word.ends_with(".yml"))
    return open_policy_file(command, word, exit_code);
  const auto node = policy::load_node_config(config);
  const auto installed =
      node ? policy::list_policies(*node) : Result<std::vector<policy::InstalledPolicy>>(node.error());
  if (!installed) {
    exit_code = policy_usage_error(command, installed.error().message);
    return std::nullopt;
  }
  std::string known;
  for (const policy::InstalledPolicy& each : *installed) {
    if (each.name == word) return open_policy_file(command, each.file, exit_code);
    known += (known.empty() ? "" : ", ") + each.name;
  }
  exit_code = policy_usage_error(
      command, "there is no policy " + quoted(word) + "; known are: " + (known.empty() ? "none" : known));
  return std::nullopt;
}

}  // namespace nemoclaw::ctl
