#include "ctl/policy_source.h"

#include <unistd.h>

#include <cstdio>

#include "ctl/command.h"
#include "ctl/policy_commands.h"
#include "ctl/printable.h"
#include "ctl/sandboxes.h"
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

bool is_file_name(const std::string& word) {
  return word.find('/') != std::string::npos || word.ends_with(".yaml") || word.ends_with(".yml");
}

namespace {

struct Node {
  policy::NodeConfig config;
  std::vector<policy::InstalledPolicy> installed;

  const policy::InstalledPolicy* find(const std::string& name) const {
    for (const policy::InstalledPolicy& each : installed)
      if (each.name == name) return &each;
    return nullptr;
  }
  std::string known() const {
    std::string names;
    for (const policy::InstalledPolicy& each : installed) names += (names.empty() ? "" : ", ") + each.name;
    return names.empty() ? "none" : names;
  }
};

Result<Node> read_node(const std::optional<std::string>& config) {
  Node node;
  node.config = TRY(policy::load_node_config(config));
  node.installed = TRY(policy::list_policies(node.config));
  return node;
}

std::optional<ShownPolicy> open_sandbox(const char* command, const std::string& directory, int& exit_code) {
  const auto record = oci::read_sandbox_record(directory);
  if (!record) {
    exit_code = policy_usage_error(command, record.error().message);
    return std::nullopt;
  }
  auto source = open_policy_file(command, directory + "/policy.yaml", exit_code);
  if (!source) return std::nullopt;
  source->policy.name = record->policy;
  return ShownPolicy{std::move(*source), record->id, record->bundle};
}

}  // namespace

std::optional<PolicySource> open_policy(const char* command, const std::string& word,
                                        const std::optional<std::string>& config, int& exit_code) {
  if (is_file_name(word)) return open_policy_file(command, word, exit_code);
  const auto node = read_node(config);
  if (!node) {
    exit_code = policy_usage_error(command, node.error().message);
    return std::nullopt;
  }
  if (const auto* installed = node->find(word)) return open_policy_file(command, installed->file, exit_code);
  exit_code =
      policy_usage_error(command, "there is no policy " + quoted(word) + "; known are: " + node->known());
  return std::nullopt;
}

std::optional<ShownPolicy> open_policy_or_sandbox(const char* command, const std::string& word,
                                                  const std::optional<std::string>& config, int& exit_code) {
  const Result<Node> node = is_file_name(word) ? Result<Node>(make_error("")) : read_node(config);
  const auto names = node ? list_directory(node->config.run_directory).value_or(std::vector<std::string>())
                          : std::vector<std::string>();
  const bool installed = !node || node->find(word);
  const auto id = installed ? Result<std::string>(make_error("")) : resolve_name(names, word);
  if (id) return open_sandbox(command, node->config.run_directory + "/" + *id, exit_code);
  if (!installed) {
    exit_code =
        policy_usage_error(command, "there is no policy " + quoted(word) + " (known are: " + node->known() +
                                        "), and " + id.error().message);
    return std::nullopt;
  }
  auto source = open_policy(command, word, config, exit_code);
  if (!source) return std::nullopt;
  return ShownPolicy{std::move(*source), "", ""};
}

}  // namespace nemoclaw::ctl
