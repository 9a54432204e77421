// nemoclawctl policy explain FILE [--bundle B]
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "ctl/command.h"
#include "ctl/explain.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/printable.h"
#include "policy/compile/image_facts.h"
#include "policy/parse/parse.h"
#include "policy/select/select.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/oci/spec_reader.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kRows = {
    {"bundle", "DIR", "translate for this OCI bundle (default: a made-up one)"},
    {"config", "FILE", "the node's configuration (default: /etc/nemoclaw/config.yaml)"},
    {"format", "text|json", "how to print (default: text)"},
    {"help,h", nullptr, "this text"}};

// landlock_create_ruleset(2): the version that this kernel speaks, 0 if none.
int kernel_landlock_abi() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

Result<Explanation> explain(policy::Policy policy, const Options& options) {
  const auto config = TRY(policy::load_node_config(options.value("config")));
  auto hook = policy::find_program(config.hook_path, "nemoclaw-hook");
  const std::string hook_path = hook ? *hook : "/usr/libexec/nemoclaw/nemoclaw-hook";
  Explanation explanation;
  if (const auto bundle = options.value("bundle")) {
    char* resolved = realpath(bundle->c_str(), nullptr);
    if (!resolved) return errno_error("bundle " + quoted(*bundle));
    explanation.bundle = resolved;
    free(resolved);
    const oci::Spec spec = TRY(oci::read_spec(explanation.bundle));
    const std::string rootfs = absolute_path(explanation.bundle, spec.root.path);
    const policy::HostInputs inputs{"example", hook_path, config.file, config.run_directory + "/example",
                                    kernel_landlock_abi()};
    const policy::Facts facts = TRY(policy::gather_facts(policy, spec, rootfs, inputs));
    explanation.compiled = TRY(policy::compile(policy, spec, facts));
  } else {
    policy::Facts facts = made_up_facts(policy);
    facts.hook_path = hook_path;
    facts.landlock_abi = kernel_landlock_abi();
    explanation.compiled = TRY(policy::compile(policy, oci::default_spec(false, 0, 0), facts));
  }
  explanation.policy = std::move(policy);
  return explanation;
}

}  // namespace

int run_policy_explain(const std::vector<std::string>& args) {
  const auto options = Options::parse(args, kRows);
  if (!options) return policy_usage_error("explain", options.error().message);
  if (options->has("help")) {
    std::fputs(
        help_text(
            "nemoclawctl policy explain FILE [--bundle DIR]",
            "Prints what the kernel and the proxy will be told for a container under this policy, and why.\n"
            "Exit code: 0 fine, 1 the policy is invalid or cannot be applied to the bundle, 2 unreadable.",
            kRows)
            .c_str(),
        stdout);
    return kExitFine;
  }
  const auto json = options->wants_json();
  if (!json) return policy_usage_error("explain", json.error().message);
  if (options->words().size() != 1) return policy_usage_error("explain", "name one policy file; see --help");
  const std::string& file = options->words()[0];
  const auto text = read_file(file, size_t{16} << 20);
  if (!text) return policy_usage_error("explain", text.error().message);
  policy::ParseOutcome outcome = policy::parse_policy(*text, file);
  if (!outcome.policy) {
    for (const auto& diagnostic : outcome.diagnostics)
      std::fputs(policy::render_text(diagnostic, file, wants_colour(STDERR_FILENO)).c_str(), stderr);
    return kExitNo;
  }
  const auto explanation = explain(std::move(*outcome.policy), *options);
  if (!explanation) {
    policy_usage_error("explain", explanation.error().message);
    return kExitNo;
  }
  std::fputs((*json ? explain_json(*explanation) + "\n" : explain_text(*explanation)).c_str(), stdout);
  return kExitFine;
}

}  // namespace nemoclaw::ctl
