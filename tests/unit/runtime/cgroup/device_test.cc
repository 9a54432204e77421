#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "runtime/cgroup/device_filter.h"
#include "runtime/cgroup/device_rules.h"

namespace nemoclaw::cgroup {
namespace {

oci::DeviceRule rule(bool allow, const char* type, std::optional<int64_t> major, std::optional<int64_t> minor,
                     const char* access) {
  return {.allow = allow, .type = type, .major = major, .minor = minor, .access = access};
}

const oci::DeviceRule deny_all = rule(false, "", {}, {}, "rwm"), allow_all = rule(true, "a", {}, {}, "rwm");

// The few instructions that the filter is made of.
uint64_t run(const std::vector<bpf_insn>& program, bpf_cgroup_dev_ctx context) {
  uint64_t reg[11] = {};
  for (size_t at = 0; at < program.size(); ++at) {
    const bpf_insn& each = program[at];
    const uint64_t operand =
        (each.code & BPF_X) ? reg[each.src_reg] : static_cast<uint64_t>(int64_t{each.imm});
    switch (each.code & ~BPF_X) {
      case BPF_LDX | BPF_MEM | BPF_W: {
        uint32_t word = 0;
        memcpy(&word, reinterpret_cast<const char*>(&context) + each.off, 4);
        reg[each.dst_reg] = word;
        break;
      }
      case BPF_ALU64 | BPF_MOV:
        reg[each.dst_reg] = operand;
        break;
      case BPF_ALU64 | BPF_AND:
        reg[each.dst_reg] &= operand;
        break;
      case BPF_ALU64 | BPF_RSH:
        reg[each.dst_reg] >>= operand;
        break;
      case BPF_JMP | BPF_JNE:
        at += reg[each.dst_reg] != operand ? static_cast<size_t>(each.off) : 0;
        break;
      case BPF_JMP | BPF_JEQ:
        at += reg[each.dst_reg] == operand ? static_cast<size_t>(each.off) : 0;
        break;
      case BPF_JMP | BPF_EXIT:
        return reg[0];
      default:
        ADD_FAILURE() << "instruction " << int{each.code};
        return 99;
    }
  }
  ADD_FAILURE() << "ran off the end";
  return 99;
}

// What the kernel's v1 controller answers for the same table.
bool v1_allows(const DeviceTable& table, char type, int64_t major, int64_t minor, uint8_t access) {
  for (const DeviceException& each : table.exceptions) {
    const bool matches = each.type == type && (each.major == any_number || each.major == major) &&
                         (each.minor == any_number || each.minor == minor);
    if (!matches) continue;
    if (table.allow_by_default && (access & each.access) != 0) return false;
    if (!table.allow_by_default && (access & ~each.access) == 0) return true;
  }
  return table.allow_by_default;
}

void expect_same(const DeviceTable& table) {
  const std::vector<bpf_insn> program = build_device_program(table);
  for (const char type : {'b', 'c'}) {
    for (const int64_t major : {0, 1, 5, 8, 10, 136, 300}) {
      for (const int64_t minor : {0, 1, 2, 3, 8, 200, 70000}) {
        for (uint8_t access = 1; access <= 7; ++access) {
          const uint32_t kind = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
          const uint64_t verdict = run(program, {.access_type = kind | uint32_t{access} << 16,
                                                 .major = static_cast<uint32_t>(major),
                                                 .minor = static_cast<uint32_t>(minor)});
          ASSERT_EQ(verdict == 1, v1_allows(table, type, major, minor, access))
              << type << major << ":" << minor << " " << int{access};
        }
      }
    }
  }
}

TEST(DeviceFilter, DecidesAsTheV1Controller) {
  const std::vector<std::vector<oci::DeviceRule>> sets = {
      {},
      {deny_all},
      {allow_all},
      {deny_all, rule(true, "c", 10, 200, "rwm"), rule(true, "b", 8, {}, "r"), rule(true, "b", 8, 1, "w")},
      {allow_all, rule(false, "c", 1, {}, "w"), rule(false, "b", {}, {}, "m"),
       rule(false, "c", 300, 70000, "rwm")},
      {allow_all, deny_all, rule(true, "c", {}, 3, "rw")},
  };
  for (const auto& rules : sets) {
    const Result<DeviceTable> table = plan_devices(rules);
    ASSERT_TRUE(table) << table.error().message;
    expect_same(*table);
  }
}

TEST(DeviceRules, DefaultsComeOnTop) {
  const Result<DeviceTable> table = plan_devices({deny_all});
  ASSERT_TRUE(table);
  EXPECT_FALSE(table->allow_by_default);
  EXPECT_TRUE(v1_allows(*table, 'c', 1, 3, access_all));    // null
  EXPECT_TRUE(v1_allows(*table, 'c', 136, 7, access_all));  // pts
  EXPECT_TRUE(v1_allows(*table, 'b', 8, 0, access_mknod));
  EXPECT_FALSE(v1_allows(*table, 'b', 8, 0, access_read));
  EXPECT_FALSE(v1_allows(*table, 'c', 10, 200, access_read));  // tun
}

TEST(DeviceRules, LaterRulesTakeBack) {
  const Result<DeviceTable> table = plan_devices(
      {deny_all, rule(true, "c", 10, 1, "rw"), rule(true, "c", 10, 2, "r"), rule(false, "c", 10, {}, "w")});
  ASSERT_TRUE(table);
  EXPECT_TRUE(v1_allows(*table, 'c', 10, 1, access_read));
  EXPECT_FALSE(v1_allows(*table, 'c', 10, 1, access_write));
  EXPECT_TRUE(v1_allows(*table, 'c', 10, 2, access_read));
}

TEST(DeviceRules, TheLetterForAllOnlyEverDenies) {
  const Result<DeviceTable> table = plan_devices({deny_all, rule(true, "c", 10, 1, "rwa"), rule(true, "c", 10, 2, "rw"),
                                                  rule(false, "c", 10, 2, "a")});
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_TRUE(v1_allows(*table, 'c', 10, 1, access_read | access_write));
  EXPECT_FALSE(v1_allows(*table, 'c', 10, 2, access_read));
  EXPECT_FALSE(plan_devices({deny_all, rule(true, "c", 10, 1, "a")}));
}

TEST(DeviceRules, Refused) {
  const std::pair<oci::DeviceRule, const char*> table[] = {
      {rule(true, "x", 1, 1, "r"), "linux.resources.devices[1]: type"},
      {rule(true, "c", 1, 1, ""), "access: must not be empty"},
      {rule(true, "c", 1, 1, "rx"), "access: 'rx'"},
      {rule(true, "c", -2, 1, "r"), "-2 is not a device number"},
      {rule(true, "c", int64_t{1} << 40, 1, "r"), "is not a device number"},
  };
  for (const auto& [bad, message] : table) {
    const Result<DeviceTable> result = plan_devices({deny_all, bad});
    ASSERT_FALSE(result) << message;
    EXPECT_NE(result.error().message.find(message), std::string::npos) << result.error().message;
  }
  // The kernel's list cannot hold "all of major 10 except 10:3".
  const Result<DeviceTable> cut =
      plan_devices({deny_all, rule(true, "c", 10, {}, "rw"), rule(false, "c", 10, 3, "w")});
  ASSERT_FALSE(cut);
  EXPECT_NE(cut.error().message.find("contradicts a part of the wider rule c 10:* rw"), std::string::npos);
}

TEST(DeviceRules, WritesFromNothingAndFromACurrentList) {
  const Result<DeviceTable> wanted = plan_devices({deny_all, rule(true, "b", 8, 0, "r")});
  const Result<DeviceTable> current = parse_devices_list("c *:* m\nb *:* m\nc 1:3 rwm\nb 8:0 rw\nc 9:9 r\n");
  ASSERT_TRUE(wanted && current);
  const std::vector<FileWrite> fresh = plan_device_writes(nullptr, *wanted);
  EXPECT_EQ(fresh[0].file, "devices.deny");
  EXPECT_EQ(fresh[0].value, "a");
  EXPECT_EQ(fresh.size(), 1 + wanted->exceptions.size());
  std::set<std::string> changes;
  for (const FileWrite& each : plan_device_writes(&*current, *wanted))
    changes.insert(each.file + " " + each.value);
  EXPECT_TRUE(changes.contains("devices.deny b 8:0 w"));
  EXPECT_TRUE(changes.contains("devices.deny c 9:9 r"));
  EXPECT_TRUE(changes.contains("devices.allow c 5:2 rwm"));
  EXPECT_FALSE(changes.contains("devices.allow c 1:3 rwm"));
  EXPECT_FALSE(changes.contains("devices.deny a"));
  EXPECT_TRUE(plan_device_writes(&*wanted, *wanted).empty());
}

TEST(DeviceRules, DevicesList) {
  const Result<DeviceTable> all = parse_devices_list("a *:* rwm\n");
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->allow_by_default);
  for (const char* bad : {"x 1:3 rwm\n", "c 13 rwm\n", "c 1:3\n", "c 1:x r\n", "c 1:3 q\n", "c"})
    EXPECT_FALSE(parse_devices_list(bad)) << bad;
}

}  // namespace
}  // namespace nemoclaw::cgroup
