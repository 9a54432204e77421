// nemoclawctl policy explain FILE [--bundle B]
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "ctl/command.h"
#include "ctl/explain.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_source.h"
#include "policy/compile/image_facts.h"
#include "policy/parse/parse.h"
#include "policy/select/select.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/oci/spec_reader.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::ctl {
namespace {

// landlock_create_ruleset(2): the version that this kernel speaks, 0 if none.
int kernel_landlock_abi() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

}  // namespace

Result<Explanation> explain(policy::Policy policy, const Options& options,
                            const std::optional<std::string>& bundle) {
  const auto config = TRY(policy::load_node_config(options.value("config")));
  policy = TRY(policy::under_ceiling(config, std::move(policy)));
  auto hook = policy::find_program(config.hook_path, "nemoclaw-hook");
  const std::string hook_path = hook ? *hook : "/usr/libexec/nemoclaw/nemoclaw-hook";
  Explanation explanation;
  if (bundle) {
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

namespace {

int run(const Options& options, bool json) {
  int code = kExitFine;
  auto source = open_policy("explain", options.words()[0], options.value("config"), code);
  if (!source) return code;
  const auto explanation = explain(std::move(source->policy), options, options.value("bundle"));
  if (!explanation) {
    policy_usage_error("explain", explanation.error().message);
    return kExitNo;
  }
  std::fputs((json ? explain_json(*explanation) + "\n" : explain_text(*explanation)).c_str(), stdout);
  return kExitFine;
}

}  // namespace

const PolicyCommand& policy_explain() {
  static const PolicyCommand command = {
      .name = "explain",
      .summary = "what the kernel and the proxy will be told, and why",
      .usage = "FILE|NAME [--bundle DIR]",
      .about =
          "Prints what the kernel and the proxy will be told for a container under this policy, and why.\n"
          "Exit code: 0 fine, 1 the policy is invalid or cannot be applied to the bundle, 2 unreadable.",
      .rows = {{"bundle", "DIR", "translate for this OCI bundle (default: a made-up one)"}},
      .words = Words::PolicyNames,
      .words_min = 1,
      .words_max = 1,
      .words_wrong = "name one policy file",
      .takes_config = true,
      .run = run};
  return command;
}

}  // namespace nemoclaw::ctl
