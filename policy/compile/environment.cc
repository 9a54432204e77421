#include "policy/compile/environment.h"

#include <algorithm>

#include "policy/compile/compilation.h"
#include "policy/model/credential.h"

namespace nemoclaw::policy {
namespace {

bool is_variable(const std::string& entry, std::string_view name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
}

bool is_kept(const ProcessPolicy& policy, std::string_view name) {
  return std::find(policy.keep_environment.begin(), policy.keep_environment.end(), name) !=
         policy.keep_environment.end();
}

void set_path(const Compilation& compilation) {
  const ProcessPolicy& policy = compilation.policy.process;
  std::vector<std::string>& env = compilation.process().env;
  if (policy.path.empty() && is_kept(policy, "PATH") && find_variable(env, "PATH") != nullptr) {
    compilation.note("environment", "PATH kept as the image has it", "process.keep_environment");
    return;
  }
  std::string_view path = policy.path.empty() ? default_path : std::string_view(policy.path);
  set_variable(env, "PATH", path);
  compilation.note("environment", "PATH=" + std::string(path),
                   policy.path.empty() ? "implied: the default of process.path" : "process.path");
}

void set_placeholders(const Compilation& compilation) {
  for (const Credential& credential : compilation.policy.credentials) {
    set_variable(compilation.process().env, credential.variable, placeholder_for(credential.secret));
    compilation.note("environment",
                     credential.variable + "=" + placeholder_for(credential.secret) +
                         ", which becomes the secret in requests to " + credential.host,
                     "credentials (line " + std::to_string(credential.at.line) + ")");
  }
}

}  // namespace

const std::string* find_variable(const std::vector<std::string>& environment, std::string_view name) {
  for (auto each = environment.rbegin(); each != environment.rend(); ++each)
    if (is_variable(*each, name)) return &*each;
  return nullptr;
}

std::string_view variable_value(const std::string& entry) {
  return std::string_view(entry).substr(entry.find('=') + 1);
}

bool remove_variable(std::vector<std::string>& environment, std::string_view name) {
  return std::erase_if(environment, [&](const std::string& entry) { return is_variable(entry, name); }) > 0;
}

void set_variable(std::vector<std::string>& environment, std::string_view name, std::string_view value) {
  remove_variable(environment, name);
  environment.push_back(std::string(name) + "=" + std::string(value));
}

const std::vector<std::string_view>& removed_variables() {
  static const std::vector<std::string_view> names = {
      "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "PYTHONSTARTUP", "NODE_OPTIONS"};
  return names;
}

const std::vector<std::pair<std::string_view, std::string_view>>& proxy_variables() {
  static constexpr std::string_view proxy = "http://127.0.0.1:3128";
  static constexpr std::string_view direct = "localhost,127.0.0.1,::1";
  // Both spellings: curl reads http_proxy in lower case only, others in upper case only. Node has its own
  // switch.
  static const std::vector<std::pair<std::string_view, std::string_view>> variables = {
      {"HTTP_PROXY", proxy}, {"HTTPS_PROXY", proxy}, {"ALL_PROXY", proxy},
      {"NO_PROXY", direct},  {"http_proxy", proxy},  {"https_proxy", proxy},
      {"all_proxy", proxy},  {"no_proxy", direct},   {"NODE_USE_ENV_PROXY", "1"},
  };
  return variables;
}

Result<void> compile_environment(const Compilation& compilation) {
  std::vector<std::string>& env = compilation.process().env;
  set_path(compilation);
  for (std::string_view name : removed_variables())
    if (!is_kept(compilation.policy.process, name) && remove_variable(env, name))
      compilation.note("environment", std::string(name) + " removed",
                       "implied: it makes programs load foreign code (process.keep_environment keeps it)");
  set_placeholders(compilation);
  if (!compilation.policy.proxy_environment) return {};
  for (const auto& [name, value] : proxy_variables()) set_variable(env, name, value);
  compilation.note("environment",
                   "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY=http://127.0.0.1:3128 and their companions",
                   "proxy_environment; a hint for programs, the fence is what enforces");
  return {};
}

}  // namespace nemoclaw::policy
