#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ctl/doctor.h"
#include "ctl/printable.h"
#include "policy/parse/parse.h"
#include "runtime/base/child.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

constexpr int kFenceWaitMs = 10'000;

// The hook tries what it would do for a container, in a namespace of its own.
Check try_fence(const std::string& hook) {
  Check check{"kernel", "network fence", Finding::Fine, "", ""};
  if (geteuid() != 0) {
    check.finding = Finding::Info;
    check.detail = "not tried";
    check.remedy = "run doctor as root to try the fence";
    return check;
  }
  const Result<ChildOutcome> outcome = run_child({.path = hook,
                                                  .args = {hook, "check"},
                                                  .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                                  .timeout_ms = kFenceWaitMs});
  if (outcome && outcome->succeeded()) {
    check.detail = printable(outcome->stdout_text.substr(0, outcome->stdout_text.find('\n')));
    if (check.detail != "proven") check.finding = Finding::Degraded;
    return check;
  }
  check.finding = Finding::Missing;
  const std::string said = outcome ? outcome->stderr_text : outcome.error().message;
  check.detail =
      said.empty() ? "nemoclaw-hook check failed" : printable(said.substr(0, said.find('\n')), 512);
  check.remedy =
      "needs nf_tables with inet tables, NAT, reject, conntrack (modules nf_tables, nft_redir, "
      "nft_reject_inet, nft_ct)";
  return check;
}

Check program(const std::string& configured, const char* name, std::string* found) {
  const Result<std::string> path = policy::find_program(configured, name);
  if (!path)
    return {"programs", name, Finding::Missing, path.error().message, "install the nemoclaw package"};
  if (found) *found = *path;
  return {"programs", name, Finding::Fine, *path, ""};
}

Check runtime_program() {
  const Result<std::string> beside = policy::find_program("", "nemoclaw-runtime");
  for (const std::string& path : {beside.has_value() ? *beside : std::string("/usr/bin/nemoclaw-runtime"),
                                  std::string("/usr/local/bin/nemoclaw-runtime")})
    if (access(path.c_str(), X_OK) == 0) return {"programs", "nemoclaw-runtime", Finding::Fine, path, ""};
  return {"programs", "nemoclaw-runtime", Finding::Missing, "not found", "install the nemoclaw package"};
}

// The proxy executes it, and looks for it beside itself.
Check worker_program(const std::string& proxy) {
  const std::string path = proxy + "-worker";
  if (access(path.c_str(), X_OK) == 0) return {"programs", "nemoclaw-proxy-worker", Finding::Fine, path, ""};
  return {"programs", "nemoclaw-proxy-worker", Finding::Missing, path + ": " + std::strerror(errno),
          "install the nemoclaw package; without it no sandbox has egress"};
}

Check proxy_user(const policy::NodeConfig& config) {
  const std::string name = config.proxy_user.empty() ? "nemoclaw" : config.proxy_user;
  if (const passwd* user = getpwnam(name.c_str()))
    return {"programs", "proxy user", Finding::Fine, name + format(" (uid %u)", user->pw_uid), ""};
  if (!config.proxy_user.empty() && name.find_first_not_of("0123456789") != std::string::npos)
    return {"programs", "proxy user", Finding::Missing, "no user " + quoted(name),
            "create it, or change proxy_user in " + config.file};
  return {"programs", "proxy user", Finding::Fine, config.proxy_user.empty() ? "uid 64219" : "uid " + name,
          ""};
}

}  // namespace

Checks check_programs(const policy::NodeConfig& config) {
  std::string hook, proxy;
  Checks checks = {runtime_program(), program(config.hook_path, "nemoclaw-hook", &hook),
                   program(config.proxy_path, "nemoclaw-proxy", &proxy), proxy_user(config)};
  if (!proxy.empty()) checks.insert(checks.end() - 1, worker_program(proxy));
  if (!hook.empty()) checks.push_back(try_fence(hook));
  return checks;
}

Checks check_policies(const policy::NodeConfig& config) {
  Checks checks;
  const Result<std::vector<policy::InstalledPolicy>> installed = policy::list_policies(config);
  if (!installed)
    return {{"policies", "directories", Finding::Missing, installed.error().message,
             "make the directory readable"}};
  bool has_default = false;
  size_t valid = 0;
  for (const policy::InstalledPolicy& each : *installed) {
    has_default |= each.name == config.default_policy;
    const Result<policy::Policy> loaded = policy::load_policy(each.file);
    if (loaded) {
      ++valid;
      continue;
    }
    const std::string& message = loaded.error().message;
    checks.push_back({"policies", printable(each.name), Finding::Degraded,
                      printable(message.substr(0, message.find('\n')), 400),
                      "nemoclawctl policy check " + printable(each.file)});
  }
  checks.push_back({"policies", "valid", Finding::Fine, format("%zu of %zu", valid, installed->size()), ""});
  if (!has_default)
    checks.push_back(
        {"policies", "default policy", Finding::Missing,
         "there is no policy " + quoted(config.default_policy),
         "install one in " + (config.policy_directories.empty() ? std::string("a policy directory")
                                                                : config.policy_directories[0])});
  else
    checks.push_back({"policies", "default policy", Finding::Fine, printable(config.default_policy), ""});
  return checks;
}

}  // namespace nemoclaw::ctl
