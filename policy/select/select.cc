#include "policy/select/select.h"

#include <algorithm>

#include "policy/model/ceiling.h"
#include "policy/select/container_facts.h"
#include "policy/select/directories.h"
#include "runtime/base/error.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* annotation = "ai.nemoclaw.policy";
constexpr std::string_view digest_prefix = "sha256:";

std::string known_names(const std::vector<PolicyFile>& files) {
  std::vector<std::string> names;
  for (const PolicyFile& each : files) names.push_back(each.name);
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none is installed" : "known are: " + text;
}

Result<Selected> load(const std::string& file, std::string source) {
  ReadPolicy read = TRY_CONTEXT(read_policy(file), source);
  // A preset has no files, process or user to confine: alone it would be an open door with one lock.
  if (read.policy.is_preset)
    return make_error(
        source + ": " + file +
        " is a preset, a bundle of network entries; name a policy and merge the preset into it");
  return Selected{std::move(read.policy), {}, std::move(read.text), file, std::move(source)};
}

Result<Selected> select_name(const NodeConfig& config, const std::string& name, std::string source) {
  std::vector<PolicyFile> files = TRY(policy_files(config));
  for (const PolicyFile& each : files)
    if (each.name == name) return load(each.file, std::move(source));
  return make_error(source + ": there is no policy " + quoted(name) + "; " + known_names(files));
}

Result<Selected> select_digest(const NodeConfig& config, const std::string& digest, std::string source) {
  std::vector<PolicyFile> files = TRY(policy_files(config));
  for (const PolicyFile& each : files) {
    auto read = read_policy(each.file);  // one broken file must not keep the others from being found
    if (read && read->policy.digest == digest) return load(each.file, std::move(source));
  }
  return make_error(source + ": no installed policy has the digest " + quoted(digest) + "; " +
                    known_names(files));
}

std::string refuse_annotation(const ContainerFacts& facts, const std::string& value) {
  const std::string start = std::string("annotation ") + annotation + ": ";
  if (!facts.kubernetes)
    return start +
           "the node's configuration does not allow containers to choose their policy; remove the annotation";
  return start + "namespace " + quoted(facts.name_space) + " may not choose " + quoted(value) +
         "; list it under annotations.kubernetes in the node's configuration, or remove the annotation";
}

Result<Selected> select_annotated(const NodeConfig& config, const ContainerFacts& facts,
                                  const std::string& value) {
  const std::string source = "annotation";
  if (!config.annotations.allow(facts, value)) return make_error(refuse_annotation(facts, value));
  if (value.starts_with(digest_prefix)) return select_digest(config, value, source);
  if (!is_policy_name(value))
    return make_error(std::string("annotation ") + annotation + ": " + quoted(value) +
                      " is not a policy's name; a path is accepted on the command line only");
  return select_name(config, value, source);
}

Result<std::optional<Selected>> choose(const NodeConfig& config,
                                       const std::optional<std::string>& command_line,
                                       const oci::Spec& spec) {
  if (command_line) {
    if (*command_line == "none") return std::optional<Selected>();
    if (command_line->empty()) return make_error("--policy: empty; name a policy, a file, or none");
    bool is_file = command_line->find('/') != std::string::npos || command_line->ends_with(".yaml") ||
                   command_line->ends_with(".yml");
    return std::optional<Selected>(is_file ? TRY(load(*command_line, "command line"))
                                           : TRY(select_name(config, *command_line, "command line")));
  }
  const ContainerFacts facts = TRY(container_facts(spec));
  if (const Binding* binding = find_binding(config.bindings, facts))
    return std::optional<Selected>(TRY_CONTEXT(
        select_name(config, binding->policy, "binding"),
        config.file + (binding->at.line ? ":" + std::to_string(binding->at.line) : std::string())));
  if (const std::string* value = spec.find_annotation(annotation))
    return std::optional<Selected>(TRY(select_annotated(config, facts, *value)));
  return std::optional<Selected>(TRY(select_name(config, config.default_policy, "default")));
}

Result<Selected> load_ceiling(const NodeConfig& config) {
  const std::string source = "ceiling";
  return config.ceiling.starts_with('/') ? load(config.ceiling, source)
                                         : select_name(config, config.ceiling, source);
}

}  // namespace

Result<std::optional<Selected>> select_policy(const NodeConfig& config,
                                              const std::optional<std::string>& command_line,
                                              const oci::Spec& spec) {
  std::optional<Selected> selected = TRY(choose(config, command_line, spec));
  if (!selected || config.ceiling.empty()) return selected;
  Selected ceiling = TRY(load_ceiling(config));
  selected->policy = intersect(std::move(selected->policy), std::move(ceiling.policy));
  selected->ceiling_text = std::move(ceiling.text);
  return selected;
}

Result<Policy> under_ceiling(const NodeConfig& config, Policy policy) {
  if (config.ceiling.empty()) return policy;
  return intersect(std::move(policy), TRY(load_ceiling(config)).policy);
}

Result<std::vector<InstalledPolicy>> list_policies(const NodeConfig& config) {
  std::vector<InstalledPolicy> installed;
  for (const PolicyFile& each : TRY(policy_files(config))) {
    auto read = read_policy(each.file);
    if (read)
      installed.push_back({each.name, each.file, read->policy.description, read->policy.is_preset});
    else
      installed.push_back({each.name, each.file, "cannot be used: " + read.error().message, false});
  }
  std::sort(installed.begin(), installed.end(),
            [](const InstalledPolicy& a, const InstalledPolicy& b) { return a.name < b.name; });
  return installed;
}

}  // namespace nemoclaw::policy
