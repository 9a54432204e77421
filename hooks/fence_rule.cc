#include "hooks/fence_rule.h"

#include <netinet/in.h>
// After the C library's, of which it repeats a part.
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include <cstring>

namespace nemoclaw::hooks {

namespace {

// Data types as nft names them in a set: the kernel keeps the number and does nothing with it.
constexpr uint32_t kTypeProtocol = 12;
constexpr uint32_t kTypeIcmpV6 = 29;
constexpr uint32_t kLoopbackIndex = 1;  // in every network namespace
constexpr uint8_t kTcpReset = 0x04;

struct IcmpV6Types {
  const char* names;
  std::vector<uint8_t> numbers;
};

IcmpV6Types types_of(IcmpV6Use use) {
  switch (use) {
    case IcmpV6Use::NeighboursOut:
      return {"nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert", {133, 135, 136}};
    case IcmpV6Use::NeighboursIn:
      return {"nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert", {134, 135, 136}};
    case IcmpV6Use::MulticastListeners:
      break;
  }
  return {"mld-listener-report, mld-listener-done, mld2-listener-report", {131, 132, 143}};
}

// As the kernel holds it: integers of the host, ports and addresses as on the wire.
std::string_view host(const uint32_t& value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }
std::string_view byte(const uint8_t& value) { return {reinterpret_cast<const char*>(&value), 1}; }
std::string wire(uint16_t port) { return {static_cast<char>(port >> 8), static_cast<char>(port)}; }

}  // namespace

RuleWriter& RuleWriter::say(const std::string& words) {
  if (!rule_.text.empty() && !words.empty()) rule_.text += ' ';
  rule_.text += words;
  return *this;
}

FenceRule RuleWriter::take(const char* words) {
  say(words);
  rule_.expressions = out_.bytes();
  return std::move(rule_);
}

void RuleWriter::begin(const char* expression) {
  out_.begin(NFTA_LIST_ELEM).put_name(NFTA_EXPR_NAME, expression).begin(NFTA_EXPR_DATA);
}

void RuleWriter::end() { out_.end().end(); }

void RuleWriter::load_meta(uint32_t key) {
  begin("meta");
  out_.put_number<uint32_t>(NFTA_META_KEY, key).put_number<uint32_t>(NFTA_META_DREG, NFT_REG_1);
  end();
}

void RuleWriter::load_ct(uint32_t key) {
  begin("ct");
  out_.put_number<uint32_t>(NFTA_CT_KEY, key).put_number<uint32_t>(NFTA_CT_DREG, NFT_REG_1);
  end();
}

void RuleWriter::load_payload(uint32_t base, uint32_t offset, uint32_t length) {
  begin("payload");
  out_.put_number<uint32_t>(NFTA_PAYLOAD_DREG, NFT_REG_1)
      .put_number(NFTA_PAYLOAD_BASE, base)
      .put_number(NFTA_PAYLOAD_OFFSET, offset)
      .put_number(NFTA_PAYLOAD_LEN, length);
  end();
}

void RuleWriter::mask(std::string_view bits) {
  begin("bitwise");
  out_.put_number<uint32_t>(NFTA_BITWISE_SREG, NFT_REG_1)
      .put_number<uint32_t>(NFTA_BITWISE_DREG, NFT_REG_1)
      .put_number(NFTA_BITWISE_LEN, static_cast<uint32_t>(bits.size()));
  out_.begin(NFTA_BITWISE_MASK).put(NFTA_DATA_VALUE, bits).end();
  out_.begin(NFTA_BITWISE_XOR).put(NFTA_DATA_VALUE, std::string(bits.size(), '\0')).end();
  end();
}

void RuleWriter::compare(uint32_t operation, std::string_view value) {
  begin("cmp");
  out_.put_number<uint32_t>(NFTA_CMP_SREG, NFT_REG_1).put_number(NFTA_CMP_OP, operation);
  out_.begin(NFTA_CMP_DATA).put(NFTA_DATA_VALUE, value).end();
  end();
}

void RuleWriter::equal(std::string_view value) { compare(NFT_CMP_EQ, value); }

void RuleWriter::in_set(uint32_t key_type, std::vector<uint8_t> keys) {
  rule_.set = FenceSet{++sets_, key_type, std::move(keys)};
  begin("lookup");
  out_.put_name(NFTA_LOOKUP_SET, kSetName)
      .put_number<uint32_t>(NFTA_LOOKUP_SREG, NFT_REG_1)
      .put_number(NFTA_LOOKUP_SET_ID, rule_.set->id);
  end();
}

// nft has these two come by themselves, once in a rule.
void RuleWriter::family(uint8_t number) {
  if (family_ == number) return;
  family_ = number;
  load_meta(NFT_META_NFPROTO);
  equal(byte(number));
}

void RuleWriter::transport(uint8_t number) {
  if (transport_ == number) return;
  transport_ = number;
  load_meta(NFT_META_L4PROTO);
  equal(byte(number));
}

RuleWriter& RuleWriter::mark(uint32_t value) {
  load_meta(NFT_META_MARK);
  equal(host(value));
  return say(format("meta mark 0x%08x", value));
}

RuleWriter& RuleWriter::address(Side side, const AddressPrefix& prefix) {
  family(prefix.six ? NFPROTO_IPV6 : NFPROTO_IPV4);
  const uint32_t source = prefix.six ? 8 : 12, size = prefix.whole() / 8;
  const uint32_t offset = side == Side::Source ? source : source + size;
  const bool whole_bytes = prefix.length > 0 && prefix.length % 8 == 0;
  const uint32_t loaded = whole_bytes ? prefix.length / 8 : size;
  load_payload(NFT_PAYLOAD_NETWORK_HEADER, offset, loaded);
  if (!whole_bytes) {
    std::string bits(size, '\0');
    for (uint32_t at = 0; at < prefix.length; ++at)
      bits[at / 8] = static_cast<char>(bits[at / 8] | 0x80 >> at % 8);
    mask(bits);
  }
  equal(std::string_view(prefix.network).substr(0, loaded));
  return say(format("%s %s ", prefix.six ? "ip6" : "ip", side == Side::Source ? "saddr" : "daddr") +
             prefix.text());
}

RuleWriter& RuleWriter::next_hop(const AddressPrefix& address) {
  begin("rt");
  out_.put_number<uint32_t>(NFTA_RT_KEY, address.six ? NFT_RT_NEXTHOP6 : NFT_RT_NEXTHOP4)
      .put_number<uint32_t>(NFTA_RT_DREG, NFT_REG_1);
  end();
  equal(address.network);
  return say(format("rt %s nexthop ", address.six ? "ip6" : "ip") + address.text());
}

RuleWriter& RuleWriter::loopback_out() {
  load_meta(NFT_META_OIF);
  equal(host(kLoopbackIndex));
  return say("oif \"lo\"");
}

RuleWriter& RuleWriter::loopback_in() {
  load_meta(NFT_META_IIF);
  equal(host(kLoopbackIndex));
  return say("iif \"lo\"");
}

RuleWriter& RuleWriter::protocol_tcp() {
  transport(IPPROTO_TCP);
  return say("meta l4proto tcp");
}

RuleWriter& RuleWriter::protocol_tcp_or_udp() {
  load_meta(NFT_META_L4PROTO);
  in_set(kTypeProtocol, {IPPROTO_TCP, IPPROTO_UDP});
  return say("meta l4proto { tcp, udp }");
}

RuleWriter& RuleWriter::protocol_icmp() {
  load_meta(NFT_META_L4PROTO);
  in_set(kTypeProtocol, {IPPROTO_ICMP, IPPROTO_ICMPV6});
  return say("meta l4proto { icmp, ipv6-icmp }");
}

RuleWriter& RuleWriter::port(const char* protocol, uint16_t number) {
  if (strcmp(protocol, "th") != 0) transport(strcmp(protocol, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof number);
  equal(wire(number));
  return say(format("%s dport %u", protocol, number));
}

void RuleWriter::one_of_state(uint32_t key, uint32_t bit) {
  static constexpr uint32_t kNone = 0;
  load_ct(key);
  mask(host(bit));
  compare(NFT_CMP_NEQ, host(kNone));
}

RuleWriter& RuleWriter::translated() {
  one_of_state(NFT_CT_STATUS, IPS_DST_NAT);
  return say("ct status dnat");
}

RuleWriter& RuleWriter::established() {
  one_of_state(NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED));
  return say("ct state established");
}

RuleWriter& RuleWriter::related() {
  one_of_state(NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_RELATED));
  return say("ct state related");
}

RuleWriter& RuleWriter::reply_direction() {
  static constexpr uint8_t kReply = IP_CT_DIR_REPLY;
  load_ct(NFT_CT_DIRECTION);
  equal(byte(kReply));
  return say("ct direction reply");
}

RuleWriter& RuleWriter::icmp6(IcmpV6Use use, uint8_t hop_limit) {
  IcmpV6Types types = types_of(use);
  family(NFPROTO_IPV6);
  transport(IPPROTO_ICMPV6);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
  in_set(kTypeIcmpV6, std::move(types.numbers));
  load_payload(NFT_PAYLOAD_NETWORK_HEADER, 7, 1);
  equal(byte(hop_limit));
  return say(format("icmpv6 type { %s } ip6 hoplimit %u", types.names, hop_limit));
}

RuleWriter& RuleWriter::reset_flag() {
  transport(IPPROTO_TCP);
  load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
  mask(byte(kTcpReset));
  equal(byte(kTcpReset));
  return say("tcp flags & rst == rst");
}

RuleWriter& RuleWriter::log(uint16_t group) {
  begin("limit");
  out_.put_number<uint64_t>(NFTA_LIMIT_RATE, 20)
      .put_number<uint64_t>(NFTA_LIMIT_UNIT, 1)
      .put_number<uint32_t>(NFTA_LIMIT_BURST, 40)
      .put_number<uint32_t>(NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS)
      .put_number<uint32_t>(NFTA_LIMIT_FLAGS, 0);
  end();
  begin("log");
  out_.put_number(NFTA_LOG_GROUP, group).put_number<uint32_t>(NFTA_LOG_SNAPLEN, 128);
  end();
  return say(format("limit rate 20/second burst 40 packets log group %u snaplen 128", group));
}

FenceRule RuleWriter::verdict(const char* word, uint32_t code) {
  begin("immediate");
  out_.put_number<uint32_t>(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT).begin(NFTA_IMMEDIATE_DATA);
  out_.begin(NFTA_DATA_VERDICT).put_number(NFTA_VERDICT_CODE, code).end().end();
  end();
  return take(word);
}

FenceRule RuleWriter::accept() { return verdict("accept", NF_ACCEPT); }
FenceRule RuleWriter::drop() { return verdict("drop", NF_DROP); }

FenceRule RuleWriter::redirect(uint16_t port) {
  begin("immediate");
  out_.put_number<uint32_t>(NFTA_IMMEDIATE_DREG, NFT_REG_1);
  out_.begin(NFTA_IMMEDIATE_DATA).put(NFTA_DATA_VALUE, wire(port)).end();
  end();
  begin("redir");
  out_.put_number<uint32_t>(NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1)
      .put_number<uint32_t>(NFTA_REDIR_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
  end();
  return take(format("redirect to :%u", port).c_str());
}

FenceRule RuleWriter::reject_with_reset() {
  begin("reject");
  out_.put_number<uint32_t>(NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST);
  end();
  return take("reject with tcp reset");
}

FenceRule RuleWriter::reject_as_unreachable() {
  begin("reject");
  out_.put_number<uint32_t>(NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH)
      .put_number<uint8_t>(NFTA_REJECT_ICMP_CODE, NFT_REJECT_ICMPX_PORT_UNREACH);
  end();
  return take("reject with icmpx port-unreachable");
}

}  // namespace nemoclaw::hooks
