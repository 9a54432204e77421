#include "hooks/connect_hook.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "runtime/base/defer.h"
#include "runtime/base/file.h"
#include "runtime/bpf/connect_programs.h"

namespace nemoclaw::hooks {

namespace {

constexpr const char* kKernelTypes = "/sys/kernel/btf/vmlinux";
constexpr size_t kKernelTypesMax = size_t{64} << 20;

Result<bpf::KernelLayout> layout_of_kernel() {
  const Fd file = TRY_CONTEXT(open_file(kKernelTypes, O_RDONLY), "the kernel's types");
  struct stat status;
  if (fstat(file.raw(), &status) != 0) return errno_error("the kernel's types");
  const auto size = static_cast<size_t>(status.st_size);
  // Since 6.16 it can be mapped, which saves the copy.
  void* mapped = size > 0 ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.raw(), 0) : MAP_FAILED;
  if (mapped == MAP_FAILED) return bpf::find_layout(TRY(read_all(file, kKernelTypesMax)));
  const Defer unmap([&] { munmap(mapped, size); });
  return bpf::find_layout(std::string_view(static_cast<const char*>(mapped), size));
}

Result<void> attach(const bpf::KernelLayout& layout, FdRef map, const std::string& cgroup) {
  const Fd directory = TRY(open_file(cgroup, O_RDONLY | O_DIRECTORY));
  for (const bpf_attach_type type : {BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT}) {
    const Fd loaded = TRY(bpf::load_program(bpf::build_connect_program(layout, map.raw(), type)));
    TRY(bpf::attach_to_cgroup(directory, loaded, type));
  }
  return {};
}

Result<std::string> cgroup_to_watch(const std::vector<std::string>& cgroups) {
  std::string unified = unified_among(cgroups);
  if (unified.empty()) return make_error("the container is in no cgroup of version 2");
  return unified;
}

}  // namespace

std::string unified_among(const std::vector<std::string>& cgroups) {
  for (const std::string& directory : cgroups) {
    struct statfs info {};
    if (statfs(directory.c_str(), &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC) return directory;
  }
  return "";
}

Result<ConnectHook> make_connect_hook(const std::vector<std::string>& cgroups) {
  const std::string cgroup = TRY(cgroup_to_watch(cgroups));
  const bpf::KernelLayout layout = TRY(layout_of_kernel());
  const Fd map = TRY(bpf::create_map(bpf::connect_map_plan()));
  ConnectHook hook;
  hook.map = TRY(bpf::map_id(map));
  hook.look = TRY(bpf::load_program(bpf::build_look_program(layout, map.raw())));
  TRY(attach(layout, map, cgroup));
  return hook;
}

Result<void> extend_connect_hook(uint32_t map, const std::vector<std::string>& cgroups) {
  const std::string cgroup = TRY(cgroup_to_watch(cgroups));
  const Fd record = TRY(bpf::open_map(map, bpf::connect_map_plan()));
  return attach(TRY(layout_of_kernel()), record, cgroup);
}

}  // namespace nemoclaw::hooks
