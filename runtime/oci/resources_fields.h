// The members of "linux.resources" (runtime-spec 1.3.0, config-linux.md "Control groups"); `update` reads them alone.
#pragma once

#include "runtime/oci/fields.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::oci {

template <>
struct Table<DeviceRule> {
  static void visit(auto& field, auto& rule) {
    field.always("allow", rule.allow);
    field("type", rule.type);
    field("major", rule.major);
    field("minor", rule.minor);
    field("access", rule.access);
  }
};

template <>
struct Table<MemoryResources> {
  static void visit(auto& field, auto& memory) {
    field("limit", memory.limit);
    field("reservation", memory.reservation);
    field("swap", memory.swap);
    field("kernel", memory.kernel);
    field("kernelTCP", memory.kernel_tcp);
    field("swappiness", memory.swappiness);
    field("disableOOMKiller", memory.disable_oom_killer);
    field("useHierarchy", memory.use_hierarchy);
    field("checkBeforeUpdate", memory.check_before_update);
  }
};

template <>
struct Table<CpuResources> {
  static void visit(auto& field, auto& cpu) {
    field("shares", cpu.shares);
    field("quota", cpu.quota);
    field("burst", cpu.burst);
    field("period", cpu.period);
    field("realtimeRuntime", cpu.realtime_runtime);
    field("realtimePeriod", cpu.realtime_period);
    field("cpus", cpu.cpus);
    field("mems", cpu.mems);
    field("idle", cpu.idle);
  }
};

template <>
struct Table<WeightDevice> {
  static void visit(auto& field, auto& device) {
    field.always("major", device.major);
    field.always("minor", device.minor);
    field("weight", device.weight);
    field("leafWeight", device.leaf_weight);
  }
};

template <>
struct Table<ThrottleDevice> {
  static void visit(auto& field, auto& device) {
    field.always("major", device.major);
    field.always("minor", device.minor);
    field.always("rate", device.rate);
  }
};

template <>
struct Table<BlockIoResources> {
  static void visit(auto& field, auto& io) {
    field("weight", io.weight);
    field("leafWeight", io.leaf_weight);
    field("weightDevice", io.weight_device);
    field("throttleReadBpsDevice", io.throttle_read_bps);
    field("throttleWriteBpsDevice", io.throttle_write_bps);
    field("throttleReadIOPSDevice", io.throttle_read_iops);
    field("throttleWriteIOPSDevice", io.throttle_write_iops);
  }
};

template <>
struct Table<HugepageLimit> {
  static void visit(auto& field, auto& huge) {
    field.always("pageSize", huge.page_size);
    field.always("limit", huge.limit);
  }
};

template <>
struct Table<InterfacePriority> {
  static void visit(auto& field, auto& each) {
    field.always("name", each.name);
    field.always("priority", each.priority);
  }
};

template <>
struct Table<NetworkResources> {
  static void visit(auto& field, auto& network) {
    field("classID", network.class_id);
    field("priorities", network.priorities);
  }
};

template <>
struct Table<RdmaLimit> {
  static void visit(auto& field, auto& rdma) {
    field("hcaHandles", rdma.hca_handles);
    field("hcaObjects", rdma.hca_objects);
  }
};

template <>
struct Table<Resources> {
  static void visit(auto& field, auto& resources) {
    field("devices", resources.devices);
    field("memory", resources.memory);
    field("cpu", resources.cpu);
    field.object("pids", resources.pids_limit.has_value(),
                 [&](auto& pids) { pids("limit", resources.pids_limit); });
    field("blockIO", resources.block_io);
    field("hugepageLimits", resources.hugepage_limits);
    field("network", resources.network);
    field("rdma", resources.rdma);
    field("unified", resources.unified);
  }
};

}  // namespace nemoclaw::oci
