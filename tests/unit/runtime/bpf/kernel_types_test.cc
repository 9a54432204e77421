#include "runtime/bpf/kernel_types.h"

#include <gtest/gtest.h>
#include <linux/btf.h>

#include <cstring>
#include <string>

#include "runtime/base/file.h"
#include "runtime/bpf/connect_programs.h"

namespace nemoclaw::bpf {
namespace {

// Types, written as the kernel writes them.
class Types {
 public:
  uint32_t name(const std::string& text) {
    const auto offset = static_cast<uint32_t>(strings_.size());
    strings_ += text + '\0';
    return offset;
  }
  void word(uint32_t value) { types_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void type(uint32_t name, uint32_t kind, uint32_t count, uint32_t size, bool has_bits = false) {
    word(name);
    word((has_bits ? 1U << 31 : 0) | kind << 24 | count);
    word(size);
  }
  void member(uint32_t name, uint32_t type, uint32_t offset) {
    word(name);
    word(type);
    word(offset);
  }
  std::string take() const {
    btf_header header = {};
    header.magic = BTF_MAGIC;
    header.version = BTF_VERSION;
    header.hdr_len = sizeof header;
    header.type_len = static_cast<uint32_t>(types_.size());
    header.str_off = header.type_len;
    header.str_len = static_cast<uint32_t>(strings_.size());
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + types_ + strings_;
  }

 private:
  std::string types_, strings_ = std::string(1, '\0');
};

// struct outer { int first; union { long wide; struct { int low, high; }; }; int bits : 3; };
std::string some_types() {
  Types types;
  types.type(types.name("int"), BTF_KIND_INT, 0, 4);  // 1
  types.word(0);
  types.type(0, BTF_KIND_STRUCT, 2, 8);  // 2
  types.member(types.name("low"), 1, 0);
  types.member(types.name("high"), 1, 32);
  types.type(0, BTF_KIND_UNION, 2, 8);  // 3
  types.member(types.name("wide"), 1, 0);
  types.member(0, 2, 0);
  types.type(types.name("outer"), BTF_KIND_FWD, 0, 0);  // 4: only announced
  types.type(types.name("outer"), BTF_KIND_STRUCT, 3, 24, true);  // 5
  types.member(types.name("first"), 1, 0);
  types.member(0, 3, 64);
  types.member(types.name("bits"), 1, 3U << 24 | 128);
  return types.take();
}

TEST(KernelTypes, findsMembersAlsoInNamelessOnes) {
  const Result<std::vector<int32_t>> offsets =
      find_members(some_types(), {{"outer", "first"}, {"outer", "wide"}, {"outer", "high"}, {"outer", "bits"},
                                  {"outer", "none"}, {"other", "first"}});
  ASSERT_TRUE(offsets) << offsets.error().message;
  EXPECT_EQ(*offsets, (std::vector<int32_t>{0, 8, 12, 16, -1, -1}));
}

TEST(KernelTypes, anythingThatIsCutOffIsAnError) {
  const std::string whole = some_types();
  for (size_t length = 0; length < whole.size(); ++length) {
    const Result<std::vector<int32_t>> offsets = find_members(whole.substr(0, length), {{"outer", "high"}});
    EXPECT_FALSE(offsets) << length;
  }
  std::string other = whole;
  other[0] = 0;
  EXPECT_FALSE(find_members(other, {}));
}

TEST(KernelTypes, aMemberOfAnUnknownTypeIsNotFollowed) {
  Types types;
  types.type(types.name("outer"), BTF_KIND_STRUCT, 2, 8);
  types.member(0, 77, 0);
  types.member(0, 1, 0);  // itself, without a name
  const Result<std::vector<int32_t>> offsets = find_members(types.take(), {{"outer", "inner"}});
  ASSERT_TRUE(offsets);
  EXPECT_EQ(offsets->front(), -1);
}

TEST(KernelTypes, theRunningKernelHasWhatTheProgramsRead) {
  const Result<std::string> types = read_file("/sys/kernel/btf/vmlinux");
  if (!types) GTEST_SKIP() << types.error().message;
  const Result<KernelLayout> layout = find_layout(*types);
  ASSERT_TRUE(layout) << layout.error().message;
  EXPECT_GT(layout->task_leader, 0);
  EXPECT_GT(layout->socket_cookie, 0);
}

TEST(ConnectPrograms, aKernelWithoutAMemberIsNamed) {
  const Result<KernelLayout> layout = find_layout(some_types());
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().message, "this kernel has no task_struct.group_leader");
}

}  // namespace
}  // namespace nemoclaw::bpf
