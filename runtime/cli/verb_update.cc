#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/cli/quantity.h"
#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"
#include "runtime/oci/spec_reader.h"

namespace nemoclaw::cli {

namespace {

Result<oci::Resources> read_resources(const std::string& file) {
  const std::string text = file == "-" ? TRY_CONTEXT(read_all(FdRef(STDIN_FILENO)), "stdin")
                                       : TRY_CONTEXT(read_file(file), "--resources");
  return oci::parse_resources(text, file == "-" ? "stdin" : file);
}

// `target` is set only if the option was given; an optional of any integer type.
template <typename T>
Result<void> take(const Arguments& arguments, std::string_view option, std::optional<T>& target) {
  if (!arguments.given(option)) return {};
  target = static_cast<T>(TRY(arguments.integer(option, 0)));
  return {};
}

Result<void> take_cpu(const Arguments& arguments, oci::CpuResources& cpu) {
  TRY(take(arguments, "cpu-period", cpu.period));
  TRY(take(arguments, "cpu-quota", cpu.quota));
  TRY(take(arguments, "cpu-burst", cpu.burst));
  TRY(take(arguments, "cpu-share", cpu.shares));
  TRY(take(arguments, "cpu-rt-period", cpu.realtime_period));
  TRY(take(arguments, "cpu-rt-runtime", cpu.realtime_runtime));
  TRY(take(arguments, "cpu-idle", cpu.idle));
  cpu.cpus = arguments.value("cpuset-cpus");
  cpu.mems = arguments.value("cpuset-mems");
  return {};
}

Result<void> take_bytes(const Arguments& arguments, std::string_view option, std::optional<int64_t>& target) {
  if (!arguments.given(option)) return {};
  target = TRY_CONTEXT(parse_bytes(arguments.value(option)), "--" + std::string(option));
  return {};
}

Result<void> take_memory(const Arguments& arguments, oci::MemoryResources& memory) {
  TRY(take_bytes(arguments, "memory", memory.limit));
  TRY(take_bytes(arguments, "memory-reservation", memory.reservation));
  return take_bytes(arguments, "memory-swap", memory.swap);
}

Result<oci::Resources> resources_from_options(const Arguments& arguments) {
  oci::Resources resources;
  TRY(take_cpu(arguments, resources.cpu.emplace()));
  TRY(take_memory(arguments, resources.memory.emplace()));
  TRY(take(arguments, "pids-limit", resources.pids_limit));
  if (arguments.given("blkio-weight"))
    TRY(take(arguments, "blkio-weight", resources.block_io.emplace().weight));
  return resources;
}

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const oci::Resources resources = arguments.given("resources")
                                       ? TRY(read_resources(arguments.value("resources")))
                                       : TRY(resources_from_options(arguments));
  oci::IntelRdt rdt;
  rdt.l3_cache_schema = arguments.value("l3-cache-schema");
  rdt.mem_bw_schema = arguments.value("mem-bw-schema");
  TRY(container::update_container(globals.store(), arguments.positional[0], resources, rdt));
  return 0;
}

constexpr Option kOptions[] = {
    {"resources", 'r', Takes::Value,
     "file with the resources as JSON, or - for stdin; the other options are ignored then"},
    {"blkio-weight", 0, Takes::Value, "weight of block I/O, 10 to 1000"},
    {"cpu-period", 0, Takes::Value, "CFS period in microseconds"},
    {"cpu-quota", 0, Takes::Value, "CFS quota in microseconds"},
    {"cpu-burst", 0, Takes::Value, "CFS burst in microseconds"},
    {"cpu-share", 0, Takes::Value, "CPU shares, relative to other containers"},
    {"cpu-rt-period", 0, Takes::Value, "realtime period in microseconds"},
    {"cpu-rt-runtime", 0, Takes::Value, "realtime runtime in microseconds"},
    {"cpu-idle", 0, Takes::Value, "1: scheduled as SCHED_IDLE, 0: not"},
    {"cpuset-cpus", 0, Takes::Value, "CPUs to use"},
    {"cpuset-mems", 0, Takes::Value, "memory nodes to use"},
    {"memory", 0, Takes::Value, "memory limit in bytes"},
    {"memory-reservation", 0, Takes::Value, "soft memory limit in bytes"},
    {"memory-swap", 0, Takes::Value, "memory and swap together in bytes, -1: unlimited"},
    {"kernel-memory", 0, Takes::Value, "ignored: the kernel has no such limit any more"},
    {"kernel-memory-tcp", 0, Takes::Value, "ignored: the kernel has no such limit any more"},
    {"l3-cache-schema", 0, Takes::Value, "Intel RDT: schema of the L3 cache"},
    {"mem-bw-schema", 0, Takes::Value, "Intel RDT: schema of the memory bandwidth"},
    {"pids-limit", 0, Takes::Value, "most processes in the container"},
};

}  // namespace

constinit const Verb kUpdate = {
    .name = "update",
    .arguments = "<container-id>",
    .summary = "change the resource limits of a container",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
