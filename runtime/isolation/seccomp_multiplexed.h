// socketcall(2) and ipc(2) of 32-bit x86: old programs reach socket and System V calls through them, new ones
// directly. A rule about such a call covers both ways, as libseccomp does it.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/isolation/seccomp_filter.h"

namespace nemoclaw::isolation {

struct MultiplexedCall {
  uint32_t multiplexer = 0;  // number of socketcall or ipc
  uint32_t subcall = 0;      // 0: not multiplexed
  int32_t direct = -1;       // the call's own number, if it has one
};

// `number` as SyscallNumbers::x86 holds it.
MultiplexedCall multiplexed_on_x86(int32_t number);

// The multiplexer's argument 0 is the sub-call, which takes the place of a check of the call's own argument
// 0. The others of socketcall are behind a pointer that no filter can follow: a profile that depends on them
// must forbid socketcall itself.
void restrict_to_subcall(std::vector<ArgumentCheck>& checks, uint32_t subcall);

}  // namespace nemoclaw::isolation
