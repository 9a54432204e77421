#include "policy/engine/address_class.h"

#include <vector>

namespace nemoclaw::policy {
namespace {

struct Range {
  Cidr cidr;
  AddressJudgement judgement;
};

struct RangeText {
  const char* cidr;
  AddressClass kind;
  const char* name;
};

// First match wins: single metadata addresses stand before the ranges around them.
constexpr RangeText kRangesV4[] = {
    {"169.254.0.0/16", AddressClass::Never, "link-local and cloud metadata"},
    {"100.100.100.200", AddressClass::Never, "cloud metadata"},
    {"192.0.0.192", AddressClass::Never, "cloud metadata"},
    {"168.63.129.16", AddressClass::Never, "cloud metadata"},  // Azure's host endpoint, in a public range
    {"0.0.0.0/8", AddressClass::Never, "unspecified"},
    {"127.0.0.0/8", AddressClass::Never, "loopback"},
    {"224.0.0.0/4", AddressClass::Never, "multicast"},
    {"255.255.255.255", AddressClass::Never, "broadcast"},
    {"10.0.0.0/8", AddressClass::Private, "private range"},
    {"172.16.0.0/12", AddressClass::Private, "private range"},
    {"192.168.0.0/16", AddressClass::Private, "private range"},
    {"100.64.0.0/10", AddressClass::Private, "carrier-grade NAT range"},
    {"192.0.0.0/24", AddressClass::Private, "protocol assignment range"},
    {"192.0.2.0/24", AddressClass::Private, "documentation range"},
    {"198.51.100.0/24", AddressClass::Private, "documentation range"},
    {"203.0.113.0/24", AddressClass::Private, "documentation range"},
    {"192.88.99.0/24", AddressClass::Private, "6to4 relay range"},
    {"198.18.0.0/15", AddressClass::Private, "benchmark range"},
    {"240.0.0.0/4", AddressClass::Private, "reserved range"},
};

constexpr RangeText kRangesV6[] = {
    {"::", AddressClass::Never, "unspecified"},
    {"::1", AddressClass::Never, "loopback"},
    {"fd00:ec2::254", AddressClass::Never, "cloud metadata"},
    {"fd20:ce::254", AddressClass::Never, "cloud metadata"},
    {"fe80::/10", AddressClass::Never, "link-local"},
    {"ff00::/8", AddressClass::Never, "multicast"},
    {"fc00::/7", AddressClass::Private, "unique local range"},
    {"fec0::/10", AddressClass::Private, "site-local range"},
    {"2001:db8::/32", AddressClass::Private, "documentation range"},
    {"3fff::/20", AddressClass::Private, "documentation range"},
    {"2001::/23", AddressClass::Private, "protocol assignment range"},
    {"2000::/3", AddressClass::Public, "public"},
    {"::/0", AddressClass::Private, "unassigned range"},  // only 2000::/3 is routed globally
};

template <size_t N>
std::vector<Range> parse_ranges(const RangeText (&texts)[N]) {
  std::vector<Range> ranges;
  for (const RangeText& text : texts) ranges.push_back({*parse_cidr(text.cidr), {text.kind, text.name}});
  return ranges;
}

AddressJudgement look_up(const std::vector<Range>& ranges, const Address& address) {
  for (const Range& range : ranges)
    if (range.cidr.contains(address)) return range.judgement;
  return {};
}

AddressJudgement judge_v4(const Address& address) {
  static const auto ranges = parse_ranges(kRangesV4);
  return look_up(ranges, address);
}

AddressJudgement judge_v6(const Address& address) {
  static const auto ranges = parse_ranges(kRangesV6);
  return look_up(ranges, address);
}

Address inner(const Address& address, size_t a, size_t b, size_t c, size_t d) {
  return Address::v4(address.bytes[a], address.bytes[b], address.bytes[c], address.bytes[d]);
}

AddressJudgement worse(const AddressJudgement& a, const AddressJudgement& b) {
  return a.kind >= b.kind ? a : b;
}

// RFC 8215: a local prefix may embed at any length of RFC 6052, which of them is not written in the address.
// Every reading counts, except those that give 0.0.0.0/8, which only say that the bytes are unused.
AddressJudgement judge_local_nat64(const Address& address) {
  AddressJudgement judgement;
  bool any = false;
  for (const Address& candidate : {inner(address, 6, 7, 9, 10), inner(address, 7, 9, 10, 11),
                                   inner(address, 9, 10, 11, 12), inner(address, 12, 13, 14, 15)}) {
    if (candidate.bytes[12] == 0) continue;
    judgement = any ? worse(judgement, judge_v4(candidate)) : judge_v4(candidate);
    any = true;
  }
  return any ? judgement : AddressJudgement{AddressClass::Never, "unspecified"};
}

AddressJudgement judge_teredo(const Address& address) {
  // RFC 4380, section 4: the server's address, and the client's with every bit inverted.
  Address client = inner(address, 12, 13, 14, 15);
  for (size_t i = 12; i < 16; ++i) client.bytes[i] = static_cast<uint8_t>(~client.bytes[i]);
  return worse(judge_v4(client), judge_v4(inner(address, 4, 5, 6, 7)));
}

// RFC 5214, section 6.1: interface identifier [00|02]00:5efe:a.b.c.d under any prefix.
bool is_isatap(const Address& address) {
  return (address.bytes[8] & 0xfd) == 0 && address.bytes[9] == 0 && address.bytes[10] == 0x5e &&
         address.bytes[11] == 0xfe;
}

}  // namespace

Address effective_address(const Address& address) {
  static const Cidr compatible = *parse_cidr("::/96");            // RFC 4291, 2.5.5.1
  static const Cidr translated = *parse_cidr("::ffff:0:0:0/96");  // RFC 2765, 2.1
  static const Cidr nat64 = *parse_cidr("64:ff9b::/96");          // RFC 6052, 2.1
  static const Cidr six_to_four = *parse_cidr("2002::/16");       // RFC 3056, 2
  if (compatible.contains(address) || translated.contains(address) || nat64.contains(address))
    return inner(address, 12, 13, 14, 15);
  if (six_to_four.contains(address)) return inner(address, 2, 3, 4, 5);
  return address;
}

AddressJudgement judge_address(const Address& address) {
  static const Cidr local_nat64 = *parse_cidr("64:ff9b:1::/48");  // RFC 8215
  static const Cidr teredo = *parse_cidr("2001::/32");            // RFC 4380, 2.6
  if (address.is_v4()) return judge_v4(address);
  // "::" and "::1" are IPv4-compatible by form only.
  const AddressJudgement outer = judge_v6(address);
  if (outer.kind == AddressClass::Never) return outer;
  if (const Address v4 = effective_address(address); v4.is_v4()) return judge_v4(v4);
  if (local_nat64.contains(address)) return judge_local_nat64(address);
  if (teredo.contains(address)) return judge_teredo(address);
  if (is_isatap(address)) return worse(outer, judge_v4(inner(address, 12, 13, 14, 15)));
  return outer;
}

}  // namespace nemoclaw::policy
