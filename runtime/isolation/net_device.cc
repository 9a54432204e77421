#include "runtime/isolation/net_device.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/base/channel.h"
#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"

namespace nemoclaw::isolation {

namespace {

struct MovedDevice {
  std::string name;  // in the container
  std::vector<InterfaceAddress> addresses;
};

Result<unsigned> index_of(const std::string& name) {
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) return errno_error("interface " + quoted(name));
  return index;
}

Result<std::vector<InterfaceAddress>> addresses_of(Netlink& netlink, unsigned index) {
  const ifaddrmsg every = {};
  const auto answers = TRY(netlink.dump(NetlinkRequest(RTM_GETADDR, NLM_F_DUMP).fixed(every).take()));
  return kept_addresses(answers, index);
}

// "NAME" with its NUL, as the kernel's string attributes are.
std::string_view with_end(const std::string& name) { return {name.c_str(), name.size() + 1}; }

Result<MovedDevice> move(Netlink& netlink, const NetDeviceStep& step, FdRef network_namespace) {
  const unsigned index = TRY(index_of(step.host_name));
  MovedDevice moved{step.container_name, TRY(addresses_of(netlink, index))};
  ifinfomsg link = {};
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = static_cast<int>(index);
  // Down: a device that is up cannot be renamed, and its addresses would be dropped with less ceremony.
  link.ifi_change = IFF_UP;
  NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK);
  request.fixed(link)
      .number(IFLA_NET_NS_FD, static_cast<uint32_t>(network_namespace.raw()))
      .attribute(IFLA_IFNAME, with_end(step.container_name));
  TRY_CONTEXT(netlink.change(request.take()), "move it into the container as " + quoted(step.container_name));
  return moved;
}

// In the container's namespace.
Result<void> set_up(Netlink& netlink, const MovedDevice& device) {
  const unsigned index = TRY(index_of(device.name));
  for (const InterfaceAddress& address : device.addresses) {
    ifaddrmsg message = {};
    message.ifa_family = address.family;
    message.ifa_prefixlen = address.prefix;
    message.ifa_scope = RT_SCOPE_UNIVERSE;
    message.ifa_index = index;
    NetlinkRequest request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    request.fixed(message);
    for (const auto& [type, payload] : address.attributes) request.attribute(type, payload);
    TRY_CONTEXT(netlink.change(request.take()), "give " + quoted(device.name) + " its address back");
  }
  ifinfomsg link = {};
  link.ifi_index = static_cast<int>(index);
  link.ifi_flags = link.ifi_change = IFF_UP;
  TRY_CONTEXT(netlink.change(NetlinkRequest(RTM_NEWLINK, NLM_F_ACK).fixed(link).take()),
              "set " + quoted(device.name) + " up");
  return {};
}

Result<void> set_up_all(const std::vector<MovedDevice>& devices, FdRef network_namespace) {
  TRY_CONTEXT(sys::setns(network_namespace, CLONE_NEWNET), "enter the container's network namespace");
  Netlink netlink = TRY(Netlink::open());
  for (const MovedDevice& device : devices) TRY(set_up(netlink, device));
  return {};
}

// A process of its own enters the namespace: this one must come back from nowhere.
Result<void> set_up_inside(const std::vector<MovedDevice>& devices, FdRef network_namespace) {
  ChannelPair pair = TRY(make_channel_pair());
  const sys::Cloned helper = TRY(sys::clone3(0));
  if (helper.pid == 0) {
    const Result<void> done = set_up_all(devices, network_namespace);
    if (!done) static_cast<void>(pair.child.send(1, done.error().message));
    _exit(done ? 0 : 1);
  }
  pair.child.close();
  const auto said = TRY(pair.parent.receive());
  const int status = TRY(sys::wait_process(helper.pid));
  if (said) return make_error(said->payload);
  if (status != 0) return make_error("the process that sets them up ended with " + sys::describe_wait_status(status));
  return {};
}

bool is_kept(const ifaddrmsg& message, const NetlinkAttributes& attributes) {
  uint32_t flags = message.ifa_flags;
  for (const auto& [type, payload] : attributes)
    if (type == IFA_FLAGS && payload.size() == sizeof flags) memcpy(&flags, payload.data(), sizeof flags);
  return message.ifa_scope == RT_SCOPE_UNIVERSE && (flags & IFA_F_PERMANENT) != 0;
}

}  // namespace

Result<std::vector<NetDeviceStep>> plan_net_devices(const oci::Linux& linux_) {
  std::vector<NetDeviceStep> steps;
  for (const auto& [name, device] : linux_.net_devices) {
    NetDeviceStep step{name, device.name.empty() ? name : device.name};
    for (const NetDeviceStep& other : steps)
      if (other.container_name == step.container_name)
        return make_error("linux.netDevices: two interfaces would be " + quoted(step.container_name) +
                          " in the container; give one of them another name");
    steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<InterfaceAddress> kept_addresses(const std::vector<NetlinkAnswer>& answers, unsigned index) {
  std::vector<InterfaceAddress> kept;
  for (const NetlinkAnswer& answer : answers) {
    ifaddrmsg message;
    if (answer.type != RTM_NEWADDR || answer.payload.size() < sizeof message) continue;
    memcpy(&message, answer.payload.data(), sizeof message);
    if (message.ifa_index != index) continue;
    NetlinkAttributes attributes = parse_attributes(std::string_view(answer.payload).substr(sizeof message));
    if (!is_kept(message, attributes)) continue;
    // A label begins with the interface's old name, and the rest is the kernel's own bookkeeping.
    std::erase_if(attributes, [](const auto& each) {
      return each.first != IFA_LOCAL && each.first != IFA_ADDRESS && each.first != IFA_BROADCAST;
    });
    kept.push_back({message.ifa_family, message.ifa_prefixlen, std::move(attributes)});
  }
  return kept;
}

Result<void> apply_net_devices(const std::vector<NetDeviceStep>& steps, pid_t pid) {
  if (steps.empty()) return {};
  const Fd network_namespace = TRY(open_file(format("/proc/%d/ns/net", pid), O_RDONLY));
  Netlink netlink = TRY(Netlink::open());
  std::vector<MovedDevice> moved;
  for (const NetDeviceStep& step : steps)
    moved.push_back(TRY_CONTEXT(move(netlink, step, network_namespace), "linux.netDevices: " + quoted(step.host_name)));
  TRY_CONTEXT(set_up_inside(moved, network_namespace), "linux.netDevices");
  return {};
}

}  // namespace nemoclaw::isolation
