#include "runtime/isolation/id_map_plan.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/child.h"
#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"
#include "runtime/isolation/namespace_plan.h"

namespace nemoclaw::isolation {

namespace {

bool maps_zero(const std::vector<oci::IdMapping>& map) {
  return std::any_of(map.begin(), map.end(),
                     [](const oci::IdMapping& each) { return each.container_id == 0 && each.size > 0; });
}

// newuidmap(1), newgidmap(1): PID CONTAINER HOST COUNT ...
Result<void> run_helper(const char* name, pid_t pid, const std::vector<oci::IdMapping>& map) {
  ChildRequest request;
  for (const char* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/"})
    if (request.path = std::string(folder) + name; file_exists(request.path)) break;
  request.args = {name, std::to_string(pid)};
  for (const oci::IdMapping& each : map)
    for (const uint32_t number : {each.container_id, each.host_id, each.size})
      request.args.push_back(std::to_string(number));
  const ChildOutcome outcome = TRY_CONTEXT(run_child(request), std::string(name) + " (package uidmap)");
  if (outcome.succeeded()) return {};
  return make_error(std::string(name) + ": " + sys::describe_wait_status(outcome.wait_status) + ": " +
                    quoted(outcome.stderr_text.substr(0, outcome.stderr_text.find('\n'))));
}

bool only_own_id(const std::vector<oci::IdMapping>& map, uint32_t own) {
  return map.size() == 1 && map[0].size == 1 && map[0].host_id == own;
}

}  // namespace

bool IdMapPlan::maps_root() const { return maps_zero(uid) && maps_zero(gid); }

Result<IdMapPlan> plan_id_maps(const oci::Linux& linux_) {
  const oci::Namespace* user = linux_.find_namespace("user");
  IdMapPlan plan;
  if (!user || !user->path.empty()) {
    // With a joined namespace the mappings describe it; they are in force already.
    if (!user && !(linux_.uid_mappings.empty() && linux_.gid_mappings.empty()))
      return make_error(
          "linux.uidMappings: need a user namespace; add {\"type\": \"user\"} to linux.namespaces");
    return plan;
  }
  if (linux_.uid_mappings.empty())
    return make_error("linux.uidMappings: a new user namespace needs at least one");
  if (linux_.gid_mappings.empty())
    return make_error("linux.gidMappings: a new user namespace needs at least one");
  plan.uid = linux_.uid_mappings;
  plan.gid = linux_.gid_mappings;
  return plan;
}

std::string id_map_text(const std::vector<oci::IdMapping>& map) {
  std::string text;
  for (const oci::IdMapping& each : map)
    text += format("%u %u %u\n", each.container_id, each.host_id, each.size);
  return text;
}

Result<void> apply_id_maps(const IdMapPlan& plan, pid_t pid) {
  if (plan.empty()) return {};
  const std::string process = format("/proc/%d/", pid);
  const bool root = geteuid() == 0;
  if (root || only_own_id(plan.uid, geteuid())) {
    TRY_CONTEXT(write_file(process + "uid_map", id_map_text(plan.uid)), "linux.uidMappings");
  } else {
    TRY_CONTEXT(run_helper("newuidmap", pid, plan.uid), "linux.uidMappings");
  }
  if (root) {
    TRY_CONTEXT(write_file(process + "gid_map", id_map_text(plan.gid)), "linux.gidMappings");
  } else if (only_own_id(plan.gid, getegid())) {
    // Without privilege the kernel wants setgroups(2) given up first (CVE-2014-8989).
    TRY_CONTEXT(write_file(process + "setgroups", "deny"), "linux.gidMappings");
    TRY_CONTEXT(write_file(process + "gid_map", id_map_text(plan.gid)), "linux.gidMappings");
  } else {
    TRY_CONTEXT(run_helper("newgidmap", pid, plan.gid), "linux.gidMappings");
  }
  return {};
}

Result<Fd> make_user_namespace(const IdMapPlan& plan) {
  sys::Cloned helper = TRY(sys::clone3(CLONE_NEWUSER));
  if (helper.pid == 0) {
    pause();  // only holds the namespace until its parent has a descriptor of it
    _exit(0);
  }
  Defer reap([&] {
    kill(helper.pid, SIGKILL);
    static_cast<void>(sys::wait_process(helper.pid));
  });
  TRY(apply_id_maps(plan, helper.pid));
  return open_file(format("/proc/%d/ns/user", helper.pid), O_RDONLY);
}

}  // namespace nemoclaw::isolation
