#include "runtime/bpf/kernel_types.h"

#include <linux/btf.h>

#include <cstring>
#include <string>

namespace nemoclaw::bpf {

namespace {

constexpr int kDepthMax = 8;  // of nameless structures in each other

// What follows a type's three words; the kinds are those of linux/btf.h, and later ones end the reading.
size_t bytes_behind(uint32_t kind, uint32_t count) {
  switch (kind) {
    case BTF_KIND_INT: return 4;
    case BTF_KIND_ARRAY: return sizeof(btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION: return count * sizeof(btf_member);
    case BTF_KIND_ENUM: return count * sizeof(btf_enum);
    case BTF_KIND_FUNC_PROTO: return count * sizeof(btf_param);
    case BTF_KIND_VAR: return sizeof(btf_var);
    case BTF_KIND_DATASEC: return count * sizeof(btf_var_secinfo);
    case BTF_KIND_DECL_TAG: return sizeof(btf_decl_tag);
    case BTF_KIND_ENUM64: return count * sizeof(btf_enum64);
    default: return 0;
  }
}

class Reader {
 public:
  Result<void> open(std::string_view btf);
  void find(const std::vector<Member>& wanted, std::vector<int32_t>& offsets) const;

 private:
  std::string_view name_at(uint32_t offset) const {
    if (offset >= strings_.size()) return {};
    const std::string_view rest = strings_.substr(offset);
    return rest.substr(0, rest.find('\0'));
  }
  btf_type type_at(size_t place) const {
    btf_type type;
    memcpy(&type, types_.data() + place, sizeof type);
    return type;
  }
  int32_t offset_in(size_t place, std::string_view member, int depth) const;

  std::string_view types_, strings_;
  std::vector<uint32_t> places_;    // of each type, by id; [0] is void
  std::vector<uint32_t> structures_;  // places of those with a name
};

Result<void> Reader::open(std::string_view btf) {
  btf_header header;
  if (btf.size() < sizeof header) return make_error("BTF: too short");
  memcpy(&header, btf.data(), sizeof header);
  const auto part = [&](uint64_t offset, uint64_t length) -> std::string_view {
    offset += header.hdr_len;
    return offset <= btf.size() && length <= btf.size() - offset ? btf.substr(offset, length) : std::string_view();
  };
  if (header.magic != BTF_MAGIC || header.version != BTF_VERSION) return make_error("BTF: another format");
  types_ = part(header.type_off, header.type_len);
  strings_ = part(header.str_off, header.str_len);
  if (types_.empty() || strings_.empty()) return make_error("BTF: its header names what is not there");
  places_.reserve(types_.size() / 24);
  places_.push_back(0);
  for (size_t place = 0; place < types_.size();) {
    if (types_.size() - place < sizeof(btf_type)) return make_error("BTF: a type is cut off");
    const btf_type type = type_at(place);
    const uint32_t kind = BTF_INFO_KIND(type.info);
    if (kind > BTF_KIND_ENUM64) return make_error(format("BTF: kind %u of types is not known", kind));
    const size_t bytes = sizeof type + bytes_behind(kind, BTF_INFO_VLEN(type.info));
    if (bytes > types_.size() - place) return make_error("BTF: a type is cut off");
    places_.push_back(static_cast<uint32_t>(place));
    if (kind == BTF_KIND_STRUCT && type.name_off != 0) structures_.push_back(static_cast<uint32_t>(place));
    place += bytes;
  }
  return {};
}

int32_t Reader::offset_in(size_t place, std::string_view member, int depth) const {
  const btf_type type = type_at(place);
  for (uint32_t at = 0; at < BTF_INFO_VLEN(type.info); ++at) {
    btf_member each;
    memcpy(&each, types_.data() + place + sizeof type + at * sizeof each, sizeof each);
    const uint32_t bits = BTF_INFO_KFLAG(type.info) ? BTF_MEMBER_BIT_OFFSET(each.offset) : each.offset;
    if (each.name_off != 0) {
      if (name_at(each.name_off) == member) return static_cast<int32_t>(bits / 8);
      continue;
    }
    if (depth == 0 || each.type == 0 || each.type >= places_.size()) continue;
    const uint32_t kind = BTF_INFO_KIND(type_at(places_[each.type]).info);
    if (kind != BTF_KIND_STRUCT && kind != BTF_KIND_UNION) continue;
    const int32_t inner = offset_in(places_[each.type], member, depth - 1);
    if (inner >= 0) return static_cast<int32_t>(bits / 8) + inner;
  }
  return -1;
}

void Reader::find(const std::vector<Member>& wanted, std::vector<int32_t>& offsets) const {
  for (const uint32_t place : structures_) {
    const std::string_view name = name_at(type_at(place).name_off);
    for (size_t each = 0; each < wanted.size(); ++each)
      if (offsets[each] < 0 && wanted[each].structure == name)
        offsets[each] = offset_in(place, wanted[each].name, kDepthMax);
  }
}

}  // namespace

Result<std::vector<int32_t>> find_members(std::string_view btf, const std::vector<Member>& wanted) {
  Reader reader;
  TRY(reader.open(btf));
  std::vector<int32_t> offsets(wanted.size(), -1);
  reader.find(wanted, offsets);
  return offsets;
}

}  // namespace nemoclaw::bpf
