// A classic BPF machine for seccomp programs, as far as the kernel's checker lets such programs go.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

namespace nemoclaw::isolation {

struct BpfResult {
  uint32_t value = 0;
  unsigned steps = 0;
};

// nullopt: the program reads or jumps outside, or uses an instruction that seccomp programs have not.
inline std::optional<BpfResult> run_bpf(const std::vector<sock_filter>& program, const seccomp_data& data) {
  uint32_t accumulator = 0, scratch[BPF_MEMWORDS] = {}, x = 0;
  for (size_t at = 0, steps = 1; at < program.size(); ++at, ++steps) {
    const sock_filter& i = program[at];
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (i.k % 4 != 0 || i.k + 4 > sizeof data) return std::nullopt;
        memcpy(&accumulator, reinterpret_cast<const char*>(&data) + i.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= i.k; break;
      case BPF_ST: scratch[i.k % BPF_MEMWORDS] = accumulator; break;
      case BPF_LD | BPF_MEM: accumulator = scratch[i.k % BPF_MEMWORDS]; break;
      case BPF_MISC | BPF_TAX: x = accumulator; break;
      case BPF_MISC | BPF_TXA: accumulator = x; break;
      case BPF_JMP | BPF_JA: at += i.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == i.k ? i.jt : i.jf; break;
      case BPF_JMP | BPF_JGT | BPF_K: at += accumulator > i.k ? i.jt : i.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K: at += accumulator >= i.k ? i.jt : i.jf; break;
      case BPF_RET | BPF_K: return BpfResult{i.k, static_cast<unsigned>(steps)};
      default: return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace nemoclaw::isolation
