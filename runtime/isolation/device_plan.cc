#include "runtime/isolation/device_plan.h"

#include <sys/stat.h>

#include <algorithm>

#include "runtime/base/path.h"
#include "runtime/isolation/mount_option.h"

namespace nemoclaw::isolation {

namespace {

constexpr mode_t everyone = 0666;

void put(std::vector<DeviceNode>& nodes, DeviceNode node) {
  const auto same = std::find_if(nodes.begin(), nodes.end(),
                                 [&](const DeviceNode& each) { return each.path == node.path; });
  if (same != nodes.end())
    *same = std::move(node);
  else
    nodes.push_back(std::move(node));
}

Result<mode_t> type_bits(const std::string& type, const std::string& at) {
  if (type == "c" || type == "u") return static_cast<mode_t>(S_IFCHR);
  if (type == "b") return static_cast<mode_t>(S_IFBLK);
  if (type == "p") return static_cast<mode_t>(S_IFIFO);
  return make_error(at + ".type: unknown device type " + quoted(type) + "; use c, b, u or p");
}

bool dev_is_bound(const oci::Spec& spec) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(), [](const oci::Mount& mount) {
    return clean_path("/" + mount.destination) == "/dev" &&
           (mount.type == "bind" || parse_mount_options(mount.options).bind);
  });
}

}  // namespace

Result<DevicePlan> plan_devices(const oci::Spec& spec) {
  DevicePlan plan;
  plan.wanted = !dev_is_bound(spec);
  plan.bind = spec.linux_.find_namespace("user") != nullptr;
  if (!plan.wanted) return plan;
  const std::pair<const char*, std::pair<unsigned, unsigned>> defaults[] = {
      {"/dev/null", {1, 3}},   {"/dev/zero", {1, 5}},    {"/dev/full", {1, 7}},
      {"/dev/random", {1, 8}}, {"/dev/urandom", {1, 9}}, {"/dev/tty", {5, 0}}};
  for (const auto& [path, numbers] : defaults)
    plan.nodes.push_back({path, S_IFCHR | everyone, numbers.first, numbers.second, 0, 0});
  for (size_t i = 0; i < spec.linux_.devices.size(); ++i) {
    const oci::Device& device = spec.linux_.devices[i];
    const std::string at = format("linux.devices[%zu]", i);
    if (device.path.empty()) return make_error(at + ".path: is missing");
    DeviceNode node;
    node.path = clean_path("/" + device.path);
    node.mode = TRY(type_bits(device.type, at)) | (device.file_mode.value_or(everyone) & 07777);
    node.major = static_cast<unsigned>(device.major);
    node.minor = static_cast<unsigned>(device.minor);
    node.uid = device.uid.value_or(0);
    node.gid = device.gid.value_or(0);
    if (node.path == "/dev/ptmx") continue;  // always the link to the container's own devpts
    put(plan.nodes, std::move(node));
  }
  plan.links = {{"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
                {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
                {"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"}};
  return plan;
}

}  // namespace nemoclaw::isolation
