// System call names and their numbers per architecture. A table of our own, because libseccomp finds a name
// by scanning all of them (a millisecond for Docker's profile), and because it may be older than the profile
// that names a call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace nemoclaw::isolation {

// -1: the architecture lacks the call. On x86, -101..-120 are sub-calls of socketcall(2) and -201..-224 of
// ipc(2), as libseccomp numbers them. x32 numbers stand without their bit 0x40000000.
struct SyscallNumbers {
  std::string_view name;
  int32_t x86_64 = -1, x86 = -1, x32 = -1, aarch64 = -1, arm = -1;
};

// nullptr: no such system call is known.
const SyscallNumbers* find_syscall(std::string_view name);
std::span<const SyscallNumbers> all_syscalls();  // sorted by name

}  // namespace nemoclaw::isolation
