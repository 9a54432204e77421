#include "runtime/bpf/system_call.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/bpf/function_types.h"

namespace nemoclaw::bpf {

namespace {

long call(bpf_cmd command, bpf_attr& attributes) {
  return syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

uint64_t address(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

bpf_attr nothing() {
  bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);  // the kernel refuses what it does not know, padding included
  return attributes;
}

void put_name(char (&field)[BPF_OBJ_NAME_LEN], const std::string& name) {
  memcpy(field, name.data(), std::min(name.size(), sizeof field - 1));
}

Result<bpf_map_info> describe(FdRef map) {
  bpf_map_info info;
  memset(&info, 0, sizeof info);
  bpf_attr attributes = nothing();
  attributes.info.bpf_fd = static_cast<uint32_t>(map.raw());
  attributes.info.info_len = sizeof info;
  attributes.info.info = address(&info);
  if (call(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0) return errno_error("look at a BPF map");
  return info;
}

Result<Fd> load_types(const std::vector<Function>& functions, std::vector<bpf_func_info>& info) {
  std::vector<std::string> names;
  for (const Function& each : functions) names.push_back(each.name);
  const FunctionTypes types = describe_functions(names);
  for (size_t each = 0; each < functions.size(); ++each) info.push_back({functions[each].begin, types.ids[each]});
  bpf_attr attributes = nothing();
  attributes.btf = address(types.btf.data());
  attributes.btf_size = static_cast<uint32_t>(types.btf.size());
  const long raw = call(BPF_BTF_LOAD, attributes);
  if (raw < 0) return errno_error("load the types of a BPF program");
  return Fd(static_cast<int>(raw));
}

// The last line that says something.
std::string last_words(std::string log) {
  while (!log.empty() && (log.back() == '\n' || log.back() == '\0')) log.pop_back();
  // "processed N insns ..." follows what is wrong.
  if (const size_t line = log.rfind("\nprocessed "); line != log.npos) log.resize(line);
  const size_t begin = log.rfind('\n');
  return begin == log.npos ? log : log.substr(begin + 1);
}

}  // namespace

Result<Fd> create_map(const MapPlan& plan) {
  bpf_attr attributes = nothing();
  attributes.map_type = plan.type;
  attributes.key_size = plan.key_bytes;
  attributes.value_size = plan.value_bytes;
  attributes.max_entries = plan.entries_max;
  put_name(attributes.map_name, plan.name);
  const long raw = call(BPF_MAP_CREATE, attributes);
  if (raw < 0) return errno_error("create the BPF map " + plan.name);
  return Fd(static_cast<int>(raw));
}

Result<uint32_t> map_id(FdRef map) { return TRY(describe(map)).id; }

Result<Fd> open_map(uint32_t id, const MapPlan& plan) {
  bpf_attr attributes = nothing();
  attributes.map_id = id;
  const long raw = call(BPF_MAP_GET_FD_BY_ID, attributes);
  if (raw < 0) return errno_error(format("open the BPF map %u", id));
  Fd map(static_cast<int>(raw));
  const bpf_map_info info = TRY(describe(map));
  if (info.type != plan.type || info.key_size != plan.key_bytes || info.value_size != plan.value_bytes ||
      plan.name != info.name)
    return make_error(format("the BPF map %u is not %s", id, plan.name.c_str()));
  return map;
}

Result<Fd> load_program(const ProgramPlan& plan) {
  bpf_attr attributes = nothing();
  Fd types;
  std::vector<bpf_func_info> functions;
  if (!plan.functions.empty()) {
    types = TRY(load_types(plan.functions, functions));
    attributes.prog_btf_fd = static_cast<uint32_t>(types.raw());
    attributes.func_info = address(functions.data());
    attributes.func_info_cnt = static_cast<uint32_t>(functions.size());
    attributes.func_info_rec_size = sizeof functions[0];
  }
  attributes.prog_type = plan.type;
  attributes.expected_attach_type = plan.attach_type;
  attributes.prog_flags = plan.flags;
  attributes.insns = address(plan.instructions.data());
  attributes.insn_cnt = static_cast<uint32_t>(plan.instructions.size());
  attributes.license = address(plan.license);
  put_name(attributes.prog_name, plan.name);
  long raw = call(BPF_PROG_LOAD, attributes);
  if (raw >= 0) return Fd(static_cast<int>(raw));
  const int reason = errno;
  std::string log(size_t{1} << 18, '\0');
  attributes.log_level = 1;
  attributes.log_buf = address(log.data());
  attributes.log_size = static_cast<uint32_t>(log.size());
  raw = call(BPF_PROG_LOAD, attributes);
  if (raw >= 0) return Fd(static_cast<int>(raw));
  log.resize(strnlen(log.data(), log.size()));
  const std::string words = last_words(std::move(log));
  return errno_error("load the BPF program " + plan.name + (words.empty() ? "" : " (" + words + ")"), reason);
}

Result<void> attach_to_cgroup(FdRef cgroup, FdRef program, bpf_attach_type type) {
  bpf_attr attributes = nothing();
  attributes.target_fd = static_cast<uint32_t>(cgroup.raw());
  attributes.attach_bpf_fd = static_cast<uint32_t>(program.raw());
  attributes.attach_type = type;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (call(BPF_PROG_ATTACH, attributes) < 0) return errno_error("attach a BPF program to the container's cgroup");
  return {};
}

Result<void> run_program(FdRef program, void* context, size_t bytes) {
  bpf_attr attributes = nothing();
  attributes.test.prog_fd = static_cast<uint32_t>(program.raw());
  attributes.test.ctx_in = address(context);
  attributes.test.ctx_size_in = static_cast<uint32_t>(bytes);
  if (call(BPF_PROG_TEST_RUN, attributes) < 0) return errno_error("run a BPF program");
  return {};
}

}  // namespace nemoclaw::bpf
