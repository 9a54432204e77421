// process.run_as_user and run_as_group, and the user `sandbox` that any image gets if it lacks it.
#include <algorithm>

#include "policy/compile/accounts.h"
#include "policy/compile/compilation.h"
#include "policy/compile/environment.h"
#include "policy/compile/paths.h"
#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

constexpr std::string_view sandbox_name = "sandbox";
constexpr uint32_t sandbox_id = 10001;
constexpr std::string_view sandbox_home = "/sandbox";
constexpr std::string_view bare_passwd = "root:x:0:0:root:/root:/bin/sh\n";
constexpr std::string_view bare_group = "root:x:0:\n";

struct Chosen {
  uint32_t uid = 0, gid = 0;
  std::string home;  // empty: HOME is left to what is known of the uid
  std::string why;
};

void supply_file(const Compilation& compilation, const char* destination, std::string content) {
  compilation.note("process", std::string(destination) + " supplied with the user sandbox",
                   "implied: the image has no such user");
  compilation.effective.supplied_files.push_back({destination, std::move(content), 0444});
}

// The image is not touched: its passwd and group, each with one more line, are mounted over the originals.
Chosen supply_sandbox_user(const Compilation& compilation, std::string why) {
  const Facts& facts = compilation.facts;
  Chosen chosen{sandbox_id, sandbox_id, std::string(sandbox_home), std::move(why)};
  if (!find_account(facts.passwd, sandbox_id))
    supply_file(compilation, "/etc/passwd",
                with_line(facts.passwd.empty() ? bare_passwd : facts.passwd,
                          "sandbox:x:10001:10001:NemoClaw sandbox:/sandbox:/bin/sh"));
  if (auto gid = find_group(facts.group, sandbox_name)) {
    if (*gid != 0) chosen.gid = *gid;
  } else if (!has_group_id(facts.group, sandbox_id)) {
    supply_file(compilation, "/etc/group",
                with_line(facts.group.empty() ? bare_group : facts.group, "sandbox:x:10001:"));
  }
  return chosen;
}

Result<Chosen> choose_named(const Compilation& compilation, const std::string& name, std::string why) {
  auto account = find_account(compilation.facts.passwd, name);
  if (!account && name == sandbox_name) return supply_sandbox_user(compilation, std::move(why));
  if (!account)
    return make_error(why + ": the image's /etc/passwd has no user " + quoted(name) +
                      "; name one that it has, a number, or sandbox, which the runtime supplies");
  if (account->uid == 0)
    return make_error(why + ": user " + quoted(name) + " has uid 0 in this image; name an ordinary user");
  return Chosen{account->uid, account->gid, account->home, std::move(why)};
}

Result<Chosen> choose_numbered(const Compilation& compilation, uint32_t uid, std::string why) {
  if (uid == 0) return make_error(why + ": uid 0 is refused; see start_as_root");
  if (auto account = find_account(compilation.facts.passwd, uid))
    return Chosen{uid, account->gid, account->home, std::move(why)};
  const oci::User& manager = compilation.process().user;
  // Without an entry the group is the manager's if it goes with this user, else the number that the user has.
  uint32_t gid = manager.uid == uid ? manager.gid : uid;
  return Chosen{uid, gid, "", std::move(why)};
}

Result<uint32_t> choose_group(const Compilation& compilation) {
  const ProcessPolicy& policy = compilation.policy.process;
  std::string why = policy_place("process.run_as_group", policy.run_as_group_at);
  std::optional<uint32_t> gid = parse_id(policy.run_as_group);
  if (!gid) gid = find_group(compilation.facts.group, policy.run_as_group);
  if (!gid && policy.run_as_group == sandbox_name) gid = sandbox_id;
  if (!gid) return make_error(why + ": the image's /etc/group has no group " + quoted(policy.run_as_group));
  if (*gid == 0) return make_error(why + ": group 0 is refused");
  return *gid;
}

// In a user namespace an id that is not mapped does not exist; setuid(2) would fail late and without a
// reason.
Result<void> check_mapped(const Compilation& compilation, const Chosen& chosen) {
  const oci::Linux& linux_section = compilation.effective.spec.linux_;
  auto mapped = [](const std::vector<oci::IdMapping>& mappings, uint32_t id) {
    return mappings.empty() ||
           std::any_of(mappings.begin(), mappings.end(), [id](const oci::IdMapping& each) {
             return id >= each.container_id && id - each.container_id < each.size;
           });
  };
  if (mapped(linux_section.uid_mappings, chosen.uid) && mapped(linux_section.gid_mappings, chosen.gid))
    return {};
  return make_error(
      format("%s: the container's user namespace maps no id %u:%u; give it more subordinate ids "
             "(/etc/subuid, /etc/subgid), or choose a mapped user in the policy",
             chosen.why.c_str(), chosen.uid, chosen.gid));
}

void supply_home(const Compilation& compilation, const std::string& home) {
  if (home != sandbox_home || exists_in_container(compilation.facts, compilation.effective.spec, home))
    return;
  compilation.effective.supplied_directories.push_back(home);
  compilation.note("filesystem", home + " supplied as a small writable tmpfs",
                   "implied: home of the user sandbox");
}

}  // namespace

Result<void> compile_user(const Compilation& compilation) {
  const ProcessPolicy& policy = compilation.policy.process;
  oci::User& user = compilation.process().user;
  if (policy.start_as_root) {
    compilation.note("process", format("starts as uid %u with the policy's capabilities only", user.uid),
                     "process.start_as_root");
    return {};
  }
  if (policy.run_as_user.empty() && policy.run_as_group.empty() && user.uid != 0) {
    compilation.note("process", format("runs as uid %u, gid %u", user.uid, user.gid), "the container's user");
    return {};
  }
  std::string why = policy_place("process.run_as_user", policy.run_as_user_at);
  Chosen chosen;
  if (policy.run_as_user.empty())
    chosen = user.uid != 0
                 ? TRY(choose_numbered(compilation, user.uid, "the container's user"))
                 : TRY(choose_named(compilation, std::string(sandbox_name),
                                    "process.run_as_user is absent and the container's user is root"));
  else if (std::optional<uint32_t> uid = parse_id(policy.run_as_user))
    chosen = TRY(choose_numbered(compilation, *uid, why));
  else
    chosen = TRY(choose_named(compilation, policy.run_as_user, why));
  if (!policy.run_as_group.empty()) chosen.gid = TRY(choose_group(compilation));
  TRY(check_mapped(compilation, chosen));

  // Another user's supplementary groups are not this one's.
  if (user.uid != chosen.uid) user.additional_gids.clear();
  if (user.uid != chosen.uid && !chosen.home.empty())
    set_variable(compilation.process().env, "HOME", chosen.home);
  user.uid = chosen.uid;
  user.gid = chosen.gid;
  user.username.clear();
  supply_home(compilation, chosen.home);
  compilation.note("process", format("runs as uid %u, gid %u", user.uid, user.gid), chosen.why);
  return {};
}

}  // namespace nemoclaw::policy
