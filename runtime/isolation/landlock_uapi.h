// The kernel's Landlock interface up to ABI 7. <linux/landlock.h> of the distributions that we build on is older, and a
// binary built there must use what a newer kernel has. Names and values: include/uapi/linux/landlock.h.
#pragma once

#include <cstdint>

namespace nemoclaw::isolation::uapi {

enum LandlockFs : uint64_t {
  fs_execute = 1u << 0,
  fs_write_file = 1u << 1,
  fs_read_file = 1u << 2,
  fs_read_dir = 1u << 3,
  fs_remove_dir = 1u << 4,
  fs_remove_file = 1u << 5,
  fs_make_char = 1u << 6,
  fs_make_dir = 1u << 7,
  fs_make_reg = 1u << 8,
  fs_make_sock = 1u << 9,
  fs_make_fifo = 1u << 10,
  fs_make_block = 1u << 11,
  fs_make_sym = 1u << 12,
  fs_refer = 1u << 13,      // ABI 2
  fs_truncate = 1u << 14,   // ABI 3
  fs_ioctl_dev = 1u << 15,  // ABI 5
};

enum LandlockNet : uint64_t {  // ABI 4
  net_bind_tcp = 1u << 0,
  net_connect_tcp = 1u << 1,
};

enum LandlockScope : uint64_t {  // ABI 6
  scope_abstract_unix_socket = 1u << 0,
  scope_signal = 1u << 1,
};

struct RulesetAttributes {
  uint64_t handled_access_fs = 0;
  uint64_t handled_access_net = 0;  // ABI 4
  uint64_t scoped = 0;              // ABI 6
};

struct [[gnu::packed]] PathBeneathAttributes {
  uint64_t allowed_access = 0;
  int32_t parent_fd = -1;
};

struct NetPortAttributes {
  uint64_t allowed_access = 0;
  uint64_t port = 0;
};

constexpr uint32_t create_ruleset_version = 1u << 0;
constexpr int rule_path_beneath = 1;
constexpr int rule_net_port = 2;

}  // namespace nemoclaw::isolation::uapi
