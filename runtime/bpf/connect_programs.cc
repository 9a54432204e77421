// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
#include "runtime/bpf/connect_programs.h"

#include "runtime/bpf/assembler.h"
#include "runtime/bpf/kernel_types.h"

namespace nemoclaw::bpf {

namespace {

constexpr const char* kLicense = "GPL";  // one of the two; the kernel has no word for both

// Numbers of linux/bpf.h's list of helpers.
constexpr int32_t kMapLookup = 1, kMapUpdate = 2, kCurrentTask = 35, kSocketCookie = 46, kReadKernel = 113, kLoop = 181;

// Parents that are looked at. Each costs the kernel's verifier 0.2 ms when the program is loaded; a container's
// processes are seldom deeper.
constexpr size_t kLevels = 7;
static_assert(kLevels <= Look::kAncestorsMax);

constexpr int kDescriptorsMax = 1 << 20;
constexpr int kChunk = 16;  // descriptors that are read at once; the kernel's tables are multiples of 64

// Reads of kernel memory: a bad address gives zero.
class Code : public Assembler {
 public:
  // frame[slot] = *(base + offset), 4 or 8 bytes
  void read(int slot, Register base, int offset, int bytes = 8) {
    if (bytes < 8) store_number(BPF_DW, frame, slot, 0);
    move(r1, frame);
    add(r1, slot);
    set(r2, bytes);
    move(r3, base);
    add(r3, offset);
    call(kReadKernel);
  }
  // to = *(base + offset); `slot` is scratch
  void follow(Register to, Register base, int offset, int slot, int bytes = 8) {
    read(slot, base, offset, bytes);
    load(BPF_DW, to, frame, slot);
  }
};

// Writes a TaskView of the task in r9 at r6 + `at`. Uses r7, r8 and the scratch slot.
void view_task(Code& code, const KernelLayout& layout, int at, int slot) {
  const auto keep = [&](int size, size_t member, int offset, int bytes) {
    code.follow(r8, r9, offset, slot, bytes);
    code.store(size, r6, at + static_cast<int>(member), r8);
  };
  keep(BPF_DW, offsetof(TaskView, start), layout.task_start, 8);
  keep(BPF_DW, offsetof(TaskView, exec_id), layout.task_exec_id, 8);
  keep(BPF_DW, offsetof(TaskView, cgroups), layout.task_cgroups, 8);
  keep(BPF_W, offsetof(TaskView, pid), layout.task_pid, 4);
  keep(BPF_W, offsetof(TaskView, exit_state), layout.task_exit_state, 4);
  const auto follow_all = [&](std::initializer_list<int> offsets) {
    code.move(r7, r9);
    for (const int offset : offsets) code.follow(r7, r7, offset, slot);
  };
  follow_all({layout.task_memory, layout.memory_executable});
  code.follow(r8, r7, layout.file_path + layout.path_mount, slot);
  code.store(BPF_DW, r6, at + static_cast<int>(offsetof(TaskView, mount)), r8);
  code.follow(r8, r7, layout.file_path + layout.path_dentry, slot);
  code.store(BPF_DW, r6, at + static_cast<int>(offsetof(TaskView, dentry)), r8);
  follow_all({layout.task_namespaces, layout.namespaces_mount});
  code.follow(r8, r7, layout.mount_namespace + layout.namespace_inode, slot, 4);
  code.store(BPF_W, r6, at + static_cast<int>(offsetof(TaskView, mount_namespace)), r8);
  follow_all({layout.task_credentials, layout.credentials_user});
  code.follow(r8, r7, layout.user_namespace + layout.namespace_inode, slot, 4);
  code.store(BPF_W, r6, at + static_cast<int>(offsetof(TaskView, user_namespace)), r8);
}

// What the loop over the descriptors shares with its callback, at frame + kSearch of the caller.
struct Search {
  uint64_t table, file, found;
};
constexpr int kScratch = -8, kCookie = -16, kSearch = -48, kHead = -56, kPolls = -64, kPollsBefore = -72;
constexpr int kWaitersMax = 2;  // one is the rule; with more of them the references do not add up

// int count(u64 index, Search *search): the descriptors index * kChunk and following.
void define_count(Code& code) {
  constexpr int kRead = -8 * kChunk;
  code.move(r6, r2);
  code.shift_left(r1, 7);  // kChunk pointers
  static_assert(8 * kChunk == 1 << 7);
  code.load(BPF_DW, r3, r6, offsetof(Search, table));
  code.add(r3, r1);
  code.move(r1, frame);
  code.add(r1, kRead);
  code.set(r2, 8 * kChunk);
  code.call(kReadKernel);
  code.load(BPF_DW, r7, r6, offsetof(Search, file));
  code.load(BPF_DW, r8, r6, offsetof(Search, found));
  for (int at = 0; at < kChunk; ++at) {
    code.load(BPF_DW, r1, frame, kRead + 8 * at);
    const auto other = code.jump_if(BPF_JNE, r1, r7);
    code.add(r8, 1);
    code.land(other);
  }
  code.store(BPF_DW, r6, offsetof(Search, found), r8);
  code.leave_with(0);
}

// By way of a register: older kernels store no numbers into a context.
void set_status(Code& code, LookStatus status) {
  code.set(r1, static_cast<int32_t>(status));
  code.store(BPF_W, r6, offsetof(Look, status), r1);
}

// poll(2) and select(2) hold a reference for as long as they wait, beside the descriptor. Those of the process in r9 are
// counted into frame[kPolls].
void count_polls(Code& code, const KernelLayout& layout) {
  code.store_number(BPF_DW, frame, kPolls, 0);
  code.load(BPF_DW, r7, r6, offsetof(Look, record) + offsetof(ConnectRecord, socket));
  code.follow(r7, r7, layout.socket_wait, kScratch);
  code.add(r7, layout.wait_head + layout.head_first);
  code.store(BPF_DW, frame, kHead, r7);
  std::vector<Assembler::Jump> done;
  for (int at = 0; at < kWaitersMax; ++at) {
    code.follow(r7, r7, 0, kScratch);  // the list's next
    code.load(BPF_DW, r1, frame, kHead);
    done.push_back(code.jump_if(BPF_JEQ, r7, r1));
    code.follow(r8, r7, layout.poll_file - layout.poll_waiter - layout.waiter_node, kScratch);
    code.load(BPF_DW, r1, frame, kSearch + static_cast<int>(offsetof(Search, file)));
    const auto not_a_poll = code.jump_if(BPF_JNE, r8, r1);
    code.follow(r8, r7, layout.waiter_private - layout.waiter_node, kScratch);
    code.follow(r8, r8, layout.poll_task, kScratch);
    code.follow(r8, r8, layout.task_leader, kScratch);
    const auto not_its_own = code.jump_if(BPF_JNE, r8, r9);
    code.load(BPF_DW, r8, frame, kPolls);
    code.add(r8, 1);
    code.store(BPF_DW, frame, kPolls, r8);
    code.land(not_a_poll);
    code.land(not_its_own);
  }
  for (const Assembler::Jump each : done) code.land(each);
}

// Without the process's own polls, which are counted before and after: had it begun or ended one in between, nothing
// would add up by chance.
void read_references(Code& code, const KernelLayout& layout) {
  count_polls(code, layout);
  code.load(BPF_DW, r8, frame, kPolls);
  code.store(BPF_DW, frame, kPollsBefore, r8);
  code.load(BPF_DW, r7, frame, kSearch + static_cast<int>(offsetof(Search, file)));
  code.follow(r8, r7, layout.file_references, kScratch);
  if (layout.references_less_one) code.add(r8, 1);
  code.store(BPF_DW, r6, offsetof(Look, references), r8);
  count_polls(code, layout);
  code.load(BPF_DW, r7, frame, kPolls);
  code.load(BPF_DW, r8, r6, offsetof(Look, references));
  code.subtract(r8, r7);
  code.load(BPF_DW, r1, frame, kPollsBefore);
  const auto steady = code.jump_if(BPF_JEQ, r1, r7);
  code.set(r8, 0);
  code.land(steady);
  code.store(BPF_DW, r6, offsetof(Look, references), r8);
}

// r9: the process. Uses its table as it is now.
Assembler::Jump count_descriptors(Code& code, const KernelLayout& layout) {
  code.store_number(BPF_DW, frame, kSearch + static_cast<int>(offsetof(Search, found)), 0);
  code.follow(r7, r9, layout.task_files, kScratch);
  code.follow(r7, r7, layout.files_table, kScratch);
  code.follow(r8, r7, layout.table_files, kScratch);
  code.store(BPF_DW, frame, kSearch + static_cast<int>(offsetof(Search, table)), r8);
  code.follow(r8, r7, layout.table_size, kScratch, 4);
  const auto small = code.jump_if(BPF_JLE, r8, kDescriptorsMax);
  code.set(r8, kDescriptorsMax);
  code.land(small);
  code.move(r1, r8);
  code.shift_right(r1, 4);
  static_assert(kChunk == 1 << 4);
  const auto function = code.load_function(r2);
  code.move(r3, frame);
  code.add(r3, kSearch);
  code.set(r4, 0);
  code.call(kLoop);
  code.load(BPF_DW, r8, frame, kSearch + static_cast<int>(offsetof(Search, found)));
  code.store(BPF_W, r6, offsetof(Look, descriptors), r8);
  return function;
}

}  // namespace

ProgramPlan build_connect_program(const KernelLayout& layout, int map, bpf_attach_type type) {
  constexpr int kRecord = kCookie - static_cast<int>(sizeof(ConnectRecord));
  constexpr auto at = [](size_t member) { return kRecord + static_cast<int>(member); };
  Code code;
  code.move(r6, r1);
  code.call(kSocketCookie);
  code.store(BPF_DW, frame, kCookie, r0);
  code.load(BPF_DW, r1, r6, offsetof(bpf_sock_addr, sk));
  code.store(BPF_DW, frame, at(offsetof(ConnectRecord, socket)), r1);
  code.call(kCurrentTask);
  code.move(r7, r0);
  code.follow(r9, r7, layout.task_leader, kScratch);
  code.store(BPF_DW, frame, at(offsetof(ConnectRecord, task)), r9);
  code.read(at(offsetof(ConnectRecord, pid)), r9, layout.task_pid, 4);
  code.read(at(offsetof(ConnectRecord, start)), r9, layout.task_start);
  code.read(at(offsetof(ConnectRecord, exec_id)), r9, layout.task_exec_id);
  code.follow(r8, r7, layout.task_memory, kScratch);
  code.follow(r8, r8, layout.memory_executable, kScratch);
  code.read(at(offsetof(ConnectRecord, mount)), r8, layout.file_path + layout.path_mount);
  code.read(at(offsetof(ConnectRecord, dentry)), r8, layout.file_path + layout.path_dentry);
  code.load_map(r1, map);
  code.move(r2, frame);
  code.add(r2, kCookie);
  code.move(r3, frame);
  code.add(r3, kRecord);
  code.set(r4, BPF_ANY);
  code.call(kMapUpdate);
  code.leave_with(1);  // whatever happened: this program forbids nothing
  return {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, type, 0, code.take(), "nemoclaw_conn", kLicense, {}};
}

ProgramPlan build_look_program(const KernelLayout& layout, int map) {
  Code code;
  code.move(r6, r1);
  code.load(BPF_DW, r1, r6, offsetof(Look, cookie));
  code.store(BPF_DW, frame, kCookie, r1);
  code.load_map(r1, map);
  code.move(r2, frame);
  code.add(r2, kCookie);
  code.call(kMapLookup);
  const auto known = code.jump_if(BPF_JNE, r0, 0);
  code.leave_with(0);
  code.land(known);
  for (size_t word = 0; word < sizeof(ConnectRecord); word += 8) {
    code.load(BPF_DW, r1, r0, static_cast<int>(word));
    code.store(BPF_DW, r6, static_cast<int>(offsetof(Look, record) + word), r1);
  }
  set_status(code, LookStatus::Connected);
  code.load(BPF_DW, r7, r6, offsetof(Look, record) + offsetof(ConnectRecord, socket));
  code.load(BPF_DW, r9, r6, offsetof(Look, record) + offsetof(ConnectRecord, task));
  // Another socket has this memory now: the one that is asked about is gone.
  code.follow(r8, r7, layout.socket_cookie, kScratch);
  code.load(BPF_DW, r1, frame, kCookie);
  std::vector<Assembler::Jump> gone = {code.jump_if(BPF_JNE, r8, r1)};
  code.follow(r7, r7, layout.socket_outer, kScratch);
  gone.push_back(code.jump_if(BPF_JEQ, r7, 0));
  code.follow(r7, r7, layout.outer_file, kScratch);
  gone.push_back(code.jump_if(BPF_JEQ, r7, 0));
  code.store(BPF_DW, frame, kSearch + static_cast<int>(offsetof(Search, file)), r7);
  // The parents first: what matters is that the process itself is looked at after its descriptors.
  std::vector<Assembler::Jump> done;
  for (size_t level = 0; level < kLevels; ++level) {
    code.follow(r9, r9, layout.task_parent, kScratch);
    code.follow(r9, r9, layout.task_leader, kScratch);
    const size_t view = offsetof(Look, ancestors) + level * sizeof(TaskView);
    view_task(code, layout, static_cast<int>(view), kScratch);
    code.load(BPF_W, r8, r6, static_cast<int>(view + offsetof(TaskView, pid)));
    done.push_back(code.jump_if(BPF_JLE, r8, 1));
  }
  for (const Assembler::Jump each : done) code.land(each);
  code.load(BPF_DW, r9, r6, offsetof(Look, record) + offsetof(ConnectRecord, task));
  const auto function = count_descriptors(code, layout);
  read_references(code, layout);
  view_task(code, layout, offsetof(Look, process), kScratch);
  set_status(code, LookStatus::Held);
  for (const Assembler::Jump each : gone) code.land(each);
  code.leave_with(0);
  code.define(function);
  const uint32_t count = code.size();
  define_count(code);
  return {BPF_PROG_TYPE_SYSCALL, 0, BPF_F_SLEEPABLE, code.take(), "nemoclaw_look", kLicense, {{0, "look"}, {count, "count"}}};
}

Result<KernelLayout> find_layout(std::string_view btf) {
  KernelLayout layout = {};
  int32_t cookie_base = 0, counted = -1, older = -1;
  struct Wanted {
    Member member;
    int32_t* offset;
  };
  const Wanted wanted[] = {
      {{"task_struct", "group_leader"}, &layout.task_leader},
      {{"task_struct", "tgid"}, &layout.task_pid},
      {{"task_struct", "start_boottime"}, &layout.task_start},
      {{"task_struct", "self_exec_id"}, &layout.task_exec_id},
      {{"task_struct", "exit_state"}, &layout.task_exit_state},
      {{"task_struct", "mm"}, &layout.task_memory},
      {{"task_struct", "files"}, &layout.task_files},
      {{"task_struct", "real_parent"}, &layout.task_parent},
      {{"task_struct", "real_cred"}, &layout.task_credentials},
      {{"task_struct", "nsproxy"}, &layout.task_namespaces},
      {{"task_struct", "cgroups"}, &layout.task_cgroups},
      {{"mm_struct", "exe_file"}, &layout.memory_executable},
      {{"file", "f_path"}, &layout.file_path},
      {{"path", "mnt"}, &layout.path_mount},
      {{"path", "dentry"}, &layout.path_dentry},
      {{"sock", "__sk_common"}, &cookie_base},
      {{"sock_common", "skc_cookie"}, &layout.socket_cookie},
      {{"sock", "sk_socket"}, &layout.socket_outer},
      {{"socket", "file"}, &layout.outer_file},
      {{"files_struct", "fdt"}, &layout.files_table},
      {{"fdtable", "max_fds"}, &layout.table_size},
      {{"fdtable", "fd"}, &layout.table_files},
      {{"nsproxy", "mnt_ns"}, &layout.namespaces_mount},
      {{"mnt_namespace", "ns"}, &layout.mount_namespace},
      {{"cred", "user_ns"}, &layout.credentials_user},
      {{"user_namespace", "ns"}, &layout.user_namespace},
      {{"ns_common", "inum"}, &layout.namespace_inode},
      {{"sock", "sk_wq"}, &layout.socket_wait},
      {{"socket_wq", "wait"}, &layout.wait_head},
      {{"wait_queue_head", "head"}, &layout.head_first},
      {{"wait_queue_entry", "entry"}, &layout.waiter_node},
      {{"wait_queue_entry", "private"}, &layout.waiter_private},
      {{"poll_table_entry", "wait"}, &layout.poll_waiter},
      {{"poll_table_entry", "filp"}, &layout.poll_file},
      {{"poll_wqueues", "polling_task"}, &layout.poll_task},
      {{"file", "f_ref"}, &counted},     // since 6.13
      {{"file", "f_count"}, &older},
  };
  std::vector<Member> members;
  for (const Wanted& each : wanted) members.push_back(each.member);
  const std::vector<int32_t> offsets = TRY(find_members(btf, members));
  for (size_t each = 0; each < offsets.size(); ++each) {
    *wanted[each].offset = offsets[each];
    if (offsets[each] < 0 && wanted[each].member.structure != "file")
      return make_error("this kernel has no " + std::string(members[each].structure) + "." + std::string(members[each].name));
  }
  layout.socket_cookie += cookie_base;
  layout.references_less_one = counted >= 0;
  layout.file_references = counted >= 0 ? counted : older;
  if (layout.file_path < 0 || layout.file_references < 0) return make_error("this kernel has another struct file");
  return layout;
}

}  // namespace nemoclaw::bpf
