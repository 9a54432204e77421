// Where the runtime begins, before its C library: the ELF entry point of the static build.
//
// The verbs that clone into a container go on from a read-only view of the runtime's binary
// (init/own_binary.h), which is a second program start. A C library prepares itself at a start: in a virtual
// machine that takes a quarter of a millisecond and more, because each of its CPUID instructions leaves the
// guest. Here that preparation has not happened yet, so the first of the two starts does without.
//
// Nothing in this file may call a library, use thread-local storage or need a relocation. Whatever does not
// work out is left to own_binary.cc, which asks again whether the binary is protected, tries the other ways,
// and has the words for an error.
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <cstddef>

#include "runtime/base/uapi.h"

namespace {

constexpr char kOwnBinary[] = "/proc/self/exe";
// sys::program_path_variable, with the sign.
constexpr char kPathVariable[] = "NEMOCLAW_PROGRAM_PATH=";
constexpr size_t kPathVariableLength = sizeof kPathVariable - 1;
constexpr size_t kEnvironmentMax = 1000;
constexpr long kReadOnly = 1;  // ST_RDONLY

long call(long number, long a, long b = 0, long c = 0, long d = 0, long e = 0) {
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
}

template <typename T>
long address(const T* pointer) {
  return reinterpret_cast<long>(pointer);
}

bool same(const char* one, const char* other) {
  while (*one != '\0' && *one == *other) ++one, ++other;
  return *one == *other;
}

// A word that is one of these verbs and yet is not the verb costs a program start and changes nothing.
bool enters_container(char** argv) {
  for (char** word = argv; *word; ++word)
    if (same(*word, "run") || same(*word, "create") || same(*word, "exec")) return true;
  return false;
}

bool is_path_variable(const char* entry) {
  for (size_t i = 0; i < kPathVariableLength; ++i)
    if (entry[i] != kPathVariable[i]) return false;
  return true;
}

// -1, or a descriptor of the binary on a detached read-only mount.
int read_only_view() {
  struct statfs facts;
  if (call(SYS_statfs, address(kOwnBinary), address(&facts)) != 0 || (facts.f_flags & kReadOnly) != 0)
    return -1;
  const long tree = call(SYS_open_tree, AT_FDCWD, address(kOwnBinary), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return -1;
  mount_attr attributes;
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  attributes.attr_clr = 0;
  attributes.propagation = 1 << 18;  // MS_PRIVATE
  attributes.userns_fd = 0;
  const long changed =
      call(SYS_mount_setattr, tree, address(""), AT_EMPTY_PATH, address(&attributes), sizeof attributes);
  if (changed == 0) return static_cast<int>(tree);
  call(SYS_close, tree);
  return -1;
}

}  // namespace

namespace {

// The environment with the program's path in it; false if it does not fit.
struct Environment {
  char path[kPathVariableLength + 4096];
  char* entries[kEnvironmentMax];

  bool fill(char** present) {
    size_t count = 0;
    for (char** entry = present; *entry; ++entry) {
      if (count + 2 >= kEnvironmentMax) return false;
      if (!is_path_variable(*entry)) entries[count++] = *entry;
    }
    for (size_t i = 0; i < kPathVariableLength; ++i) path[i] = kPathVariable[i];
    const long length = call(SYS_readlink, address(kOwnBinary), address(path + kPathVariableLength), 4095);
    if (length <= 0 || length >= 4095) return false;
    path[kPathVariableLength + static_cast<size_t>(length)] = '\0';
    entries[count++] = path;
    entries[count] = nullptr;
    return true;
  }
};

}  // namespace

// Gets the stack as the kernel leaves it: argc, argv, 0, envp, 0.
extern "C" void nemoclaw_before_start(long* stack) {
  char** argv = reinterpret_cast<char**>(stack + 1);
  if (stack[0] < 2 || !enters_container(argv)) return;
  const int view = read_only_view();
  if (view < 0) return;
  Environment environment;
  if (environment.fill(argv + stack[0] + 1))
    call(SYS_execveat, view, address(""), address(argv), address(environment.entries), AT_EMPTY_PATH);
  call(SYS_close, view);
}

// Registers and stack are handed to the C library as the kernel left them.
asm(R"(
  .text
  .globl nemoclaw_entry
  .type nemoclaw_entry, @function
nemoclaw_entry:
  endbr64
  xor %ebp, %ebp
  mov %rsp, %rdi
  push %rdx
  sub $8, %rsp
  call nemoclaw_before_start
  add $8, %rsp
  pop %rdx
  jmp _start
  .size nemoclaw_entry, . - nemoclaw_entry
)");
