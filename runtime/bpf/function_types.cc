#include "runtime/bpf/function_types.h"

#include <linux/btf.h>

#include <cstdint>

namespace nemoclaw::bpf {

namespace {

class Writer {
 public:
  uint32_t name(const std::string& text) {
    const auto offset = static_cast<uint32_t>(strings_.size());
    strings_.append(text).push_back('\0');
    return offset;
  }
  void word(uint32_t value) { types_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  uint32_t type(uint32_t name, uint32_t kind, uint32_t count, uint32_t last) {
    word(name);
    word(kind << 24 | count);
    word(last);
    return ++types_written_;
  }
  std::string take() const {
    btf_header header = {};
    header.magic = BTF_MAGIC;
    header.version = BTF_VERSION;
    header.hdr_len = sizeof header;
    header.type_len = header.str_off = static_cast<uint32_t>(types_.size());
    header.str_len = static_cast<uint32_t>(strings_.size());
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + types_ + strings_;
  }

 private:
  std::string types_, strings_ = std::string(1, '\0');
  uint32_t types_written_ = 0;
};

}  // namespace

FunctionTypes describe_functions(const std::vector<std::string>& names) {
  Writer writer;
  const uint32_t number = writer.type(writer.name("number"), BTF_KIND_INT, 0, 8);
  writer.word(64);  // bits
  const uint32_t shape = writer.type(0, BTF_KIND_FUNC_PROTO, 2, number);
  for (const char* parameter : {"one", "other"}) {
    writer.word(writer.name(parameter));
    writer.word(number);
  }
  FunctionTypes types;
  for (const std::string& name : names)
    types.ids.push_back(writer.type(writer.name(name), BTF_KIND_FUNC, BTF_FUNC_STATIC, shape));
  types.btf = writer.take();
  return types;
}

}  // namespace nemoclaw::bpf
