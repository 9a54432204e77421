#include "runtime/isolation/namespace_plan.h"

#include <sched.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"

namespace nemoclaw::isolation {

namespace {

struct Kind {
  std::string_view type;
  int flag;
};
// In joining order.
constexpr Kind kinds[] = {
    {"user", CLONE_NEWUSER}, {"pid", CLONE_NEWPID},       {"network", CLONE_NEWNET}, {"ipc", CLONE_NEWIPC},
    {"uts", CLONE_NEWUTS},   {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},   {"mount", CLONE_NEWNS},
};

}  // namespace

int namespace_flag(std::string_view type) {
  for (const Kind& kind : kinds)
    if (kind.type == type) return kind.flag;
  return 0;
}

bool NamespacePlan::joins(int flag) const {
  return std::any_of(joined.begin(), joined.end(),
                     [&](const JoinedNamespace& each) { return each.flag == flag; });
}

Result<NamespacePlan> plan_namespaces(const oci::Linux& linux_) {
  NamespacePlan plan;
  int seen = 0;
  for (size_t i = 0; i < linux_.namespaces.size(); ++i) {
    const oci::Namespace& each = linux_.namespaces[i];
    const int flag = namespace_flag(each.type);
    const std::string at = format("linux.namespaces[%zu]", i);
    if (flag == 0) return make_error(at + ".type: unknown namespace " + quoted(each.type));
    if ((seen & flag) != 0)
      return make_error(at + ": a second " + each.type + " namespace; name each type once");
    seen |= flag;
    if (!each.path.empty()) {
      plan.joined.push_back({each.type, flag, each.path});
    } else if (flag == CLONE_NEWCGROUP) {
      plan.new_cgroup = true;
    } else if (flag == CLONE_NEWTIME) {
      plan.new_time = true;
    } else {
      plan.clone_flags |= static_cast<uint64_t>(flag);
    }
  }
  plan.host_mounts = (seen & CLONE_NEWNS) == 0;
  if (plan.host_mounts && (seen & CLONE_NEWUSER) != 0)
    return make_error(
        "linux.namespaces: a user namespace cannot mount in the host's mount namespace; add {\"type\": \"mount\"}");
  if (!linux_.time_offsets.empty() && !plan.new_time)
    return make_error(
        "linux.timeOffsets: needs a new time namespace; add {\"type\": \"time\"} to linux.namespaces");
  const auto rank = [](const JoinedNamespace& joined) {
    return std::find_if(std::begin(kinds), std::end(kinds),
                        [&](const Kind& kind) { return kind.flag == joined.flag; });
  };
  std::sort(plan.joined.begin(), plan.joined.end(),
            [&](const JoinedNamespace& a, const JoinedNamespace& b) { return rank(a) < rank(b); });
  plan.two_clones = !plan.joined.empty() &&
                    (plan.is_new(CLONE_NEWUSER) || plan.joins(CLONE_NEWUSER) || plan.joins(CLONE_NEWPID));
  return plan;
}

Result<std::vector<Fd>> open_joined(const NamespacePlan& plan) {
  std::vector<Fd> opened;
  for (const JoinedNamespace& each : plan.joined)
    opened.push_back(TRY_CONTEXT(open_file(each.path, O_RDONLY), "join " + each.type + " namespace"));
  return opened;
}

Result<void> join_namespaces(const NamespacePlan& plan, const std::vector<Fd>& opened) {
  // With the right to it, before the user namespace, which need not own the others (and who has joined it has no say
  // over the host's any more). What only the user namespace gives the right to join follows after it.
  std::vector<bool> done(opened.size());
  for (size_t i = 0; plan.joins(CLONE_NEWUSER) && i < opened.size(); ++i)
    done[i] = plan.joined[i].flag != CLONE_NEWUSER && sys::setns(opened[i], plan.joined[i].flag);
  for (size_t i = 0; i < opened.size(); ++i) {
    if (done[i]) continue;
    const JoinedNamespace& each = plan.joined[i];
    TRY_CONTEXT(sys::setns(opened[i], each.flag), "join " + each.type + " namespace " + quoted(each.path));
  }
  return {};
}

std::string time_offsets_text(const oci::Linux& linux_) {
  std::string text;
  for (const auto& [clock, offset] : linux_.time_offsets)
    text += format("%s %lld %u\n", clock.c_str(), static_cast<long long>(offset.secs), offset.nanosecs);
  return text;
}

}  // namespace nemoclaw::isolation
