#include "runtime/isolation/capability_plan.h"

#include <linux/capability.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/capability_names.h"

namespace nemoclaw::isolation {

namespace {

uint64_t bit(int number) { return uint64_t{1} << number; }

struct KernelSets {
  uint64_t effective = 0, permitted = 0, inheritable = 0;
};

Result<KernelSets> read_sets() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return errno_error("capget");
  const auto join = [](uint32_t low, uint32_t high) { return uint64_t{low} | uint64_t{high} << 32; };
  return KernelSets{join(data[0].effective, data[1].effective), join(data[0].permitted, data[1].permitted),
                    join(data[0].inheritable, data[1].inheritable)};
}

Result<void> write_sets(const KernelSets& sets) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (int half = 0; half < 2; ++half) {
    data[half].effective = static_cast<uint32_t>(sets.effective >> (32 * half));
    data[half].permitted = static_cast<uint32_t>(sets.permitted >> (32 * half));
    data[half].inheritable = static_cast<uint32_t>(sets.inheritable >> (32 * half));
  }
  if (syscall(SYS_capset, &header, data) != 0) return errno_error("capset");
  return {};
}

}  // namespace

uint64_t available_capabilities() {
  const Result<KernelSets> sets = read_sets();
  if (!sets) return 0;
  uint64_t available = 0;
  for (int number = 0; number < kCapabilityCount; ++number)
    if ((sets->permitted & bit(number)) != 0 && prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
      available |= bit(number);
  return available;
}

int capability_number(std::string_view name) {
  for (int number = 0; number < kCapabilityCount; ++number)
    if (name.size() == std::string_view(kCapabilityNames[number]).size() &&
        strncasecmp(name.data(), kCapabilityNames[number], name.size()) == 0)
      return number;
  return -1;
}

const char* capability_name(int number) {
  return number >= 0 && number < kCapabilityCount ? kCapabilityNames[number] : nullptr;
}

oci::Strings capability_names() { return {std::begin(kCapabilityNames), std::end(kCapabilityNames)}; }

CapabilityPlan plan_capabilities(const std::optional<oci::Capabilities>& capabilities, uint64_t available) {
  CapabilityPlan plan;
  if (!capabilities) return plan;
  const auto mask_of = [&](const oci::Strings& wanted) {
    uint64_t mask = 0;
    for (const std::string& name : wanted) {
      const int number = capability_number(name);
      if (number >= 0 && (available & bit(number)) != 0) {
        mask |= bit(number);
        continue;
      }
      bool listed = false;
      for (const std::string& each : plan.ignored) listed = listed || each == name;
      if (!listed) plan.ignored.push_back(name);
    }
    return mask;
  };
  plan.bounding = mask_of(capabilities->bounding);
  plan.permitted = mask_of(capabilities->permitted);
  plan.effective = mask_of(capabilities->effective);
  plan.inheritable = mask_of(capabilities->inheritable);
  plan.ambient = mask_of(capabilities->ambient);
  return plan;
}

Result<void> drop_bounding(const CapabilityPlan& plan) {
  // Up to what the kernel knows, which may be more than we do.
  for (int number = 0; number < 64; ++number) {
    if ((plan.bounding & bit(number)) != 0 || prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    const int cause = errno;
    if (cause == EINVAL) break;
    // Who may not drop need not, if it is not there.
    if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) != 0)
      return errno_error(format("drop capability %d from the bounding set", number), cause);
  }
  return {};
}

Result<void> set_capabilities(const CapabilityPlan& plan) {
  TRY(write_sets({plan.effective, plan.permitted, plan.inheritable}));
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    return errno_error("clear ambient capabilities");
  // The kernel refuses an ambient capability that is not both permitted and inheritable; such an entry has no
  // meaning.
  const uint64_t ambient = plan.ambient & ~plan.not_ambient();
  for (int number = 0; number < kCapabilityCount; ++number)
    if ((ambient & bit(number)) != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0)
      return errno_error(std::string("raise ambient ") + kCapabilityNames[number]);
  return {};
}

Result<void> raise_permitted() {
  KernelSets sets = TRY(read_sets());
  sets.effective = sets.permitted;
  return write_sets(sets);
}

}  // namespace nemoclaw::isolation
