#include "runtime/isolation/seccomp_words.h"

#include <errno.h>
#include <linux/seccomp.h>

#include <utility>

#include "runtime/base/error.h"

namespace nemoclaw::isolation {
namespace {

template <typename T>
using Word = std::pair<std::string_view, T>;

constexpr Word<uint32_t> actions[] = {
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
};

// Debian's kernel headers lack the newest flag.
constexpr uint32_t flag_wait_killable_recv = 1u << 5;
constexpr Word<uint32_t> flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", 0},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", flag_wait_killable_recv},
};

constexpr Word<Comparison> comparisons[] = {
    {"SCMP_CMP_NE", Comparison::NotEqual},           {"SCMP_CMP_LT", Comparison::Less},
    {"SCMP_CMP_LE", Comparison::LessOrEqual},        {"SCMP_CMP_EQ", Comparison::Equal},
    {"SCMP_CMP_GE", Comparison::GreaterOrEqual},     {"SCMP_CMP_GT", Comparison::Greater},
    {"SCMP_CMP_MASKED_EQ", Comparison::MaskedEqual},
};

using Architecture = SeccompArchitecture;
constexpr Word<Architecture> architectures[] = {
    {"SCMP_ARCH_X86_64", Architecture::X86_64},
    {"SCMP_ARCH_X86", Architecture::X86},
    {"SCMP_ARCH_X32", Architecture::X32},
    {"SCMP_ARCH_AARCH64", Architecture::Aarch64},
    {"SCMP_ARCH_ARM", Architecture::Arm},
    {"SCMP_ARCH_MIPS", Architecture::Foreign},
    {"SCMP_ARCH_MIPS64", Architecture::Foreign},
    {"SCMP_ARCH_MIPS64N32", Architecture::Foreign},
    {"SCMP_ARCH_MIPSEL", Architecture::Foreign},
    {"SCMP_ARCH_MIPSEL64", Architecture::Foreign},
    {"SCMP_ARCH_MIPSEL64N32", Architecture::Foreign},
    {"SCMP_ARCH_PPC", Architecture::Foreign},
    {"SCMP_ARCH_PPC64", Architecture::Foreign},
    {"SCMP_ARCH_PPC64LE", Architecture::Foreign},
    {"SCMP_ARCH_S390", Architecture::Foreign},
    {"SCMP_ARCH_S390X", Architecture::Foreign},
    {"SCMP_ARCH_PARISC", Architecture::Foreign},
    {"SCMP_ARCH_PARISC64", Architecture::Foreign},
    {"SCMP_ARCH_RISCV64", Architecture::Foreign},
    {"SCMP_ARCH_LOONGARCH64", Architecture::Foreign},
    {"SCMP_ARCH_M68K", Architecture::Foreign},
    {"SCMP_ARCH_SH", Architecture::Foreign},
    {"SCMP_ARCH_SHEB", Architecture::Foreign},
};

template <typename T, size_t N>
Result<T> find_word(const Word<T> (&words)[N], const std::string& name, const char* noun,
                    const std::string& at) {
  for (const Word<T>& each : words)
    if (each.first == name) return T(each.second);
  return make_error(at + ": unknown " + noun + " " + quoted(name));
}

}  // namespace

Result<uint32_t> seccomp_action(const std::string& name, std::optional<uint32_t> errno_ret,
                                const std::string& at) {
  uint32_t action = TRY(find_word(actions, name, "action", at));
  if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE) {
    if (errno_ret) return make_error(at + ": " + name + " returns no errno; remove the errnoRet beside it");
    return action;
  }
  uint32_t data = errno_ret.value_or(EPERM);
  if (data > SECCOMP_RET_DATA) return make_error(at + format(": errnoRet %u is above 65535", data));
  return action | data;
}

Result<uint32_t> seccomp_flag(const std::string& name, const std::string& at) {
  return find_word(flags, name, "flag", at);
}

Result<Comparison> seccomp_comparison(const std::string& name, const std::string& at) {
  return find_word(comparisons, name, "comparison", at);
}

Result<SeccompArchitecture> seccomp_architecture(const std::string& name, const std::string& at) {
  return find_word(architectures, name, "architecture", at);
}

}  // namespace nemoclaw::isolation
