// One rule of the fence, in both of its forms: as nft prints it, and as the kernel takes it (nf_tables
// expressions in netlink attributes). Each word below adds to both, so that what is read is what is loaded.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hooks/address_prefix.h"
#include "runtime/base/netlink.h"

namespace nemoclaw::hooks {

// "{ tcp, udp }": a set that belongs to one rule. Its keys are one byte each.
struct FenceSet {
  uint32_t id = 0;  // within the transaction
  uint32_t key_type = 0;
  std::vector<uint8_t> keys;
};

// What the kernel is asked to name a set; it puts a number in.
inline constexpr const char* kSetName = "__set%d";

struct FenceRule {
  std::string text;
  std::string expressions;  // attributes NFTA_LIST_ELEM
  std::optional<FenceSet> set;
};

enum class Side { Source, Destination };
enum class IcmpV6Use { NeighboursOut, NeighboursIn, MulticastListeners };

class RuleWriter {
 public:
  // `sets` counts the sets of the transaction.
  explicit RuleWriter(uint32_t& sets) : sets_(sets) {}

  RuleWriter& mark(uint32_t value);
  RuleWriter& address(Side side, const AddressPrefix& prefix);
  // Where its route leads, an address.
  RuleWriter& next_hop(const AddressPrefix& address);
  RuleWriter& loopback_out();
  RuleWriter& loopback_in();
  RuleWriter& protocol_tcp();
  RuleWriter& protocol_tcp_or_udp();
  RuleWriter& protocol_icmp();
  // With the protocol in front, "tcp dport 53", or after protocol_tcp_or_udp(), "th dport 53".
  RuleWriter& port(const char* protocol, uint16_t number);
  RuleWriter& translated();
  RuleWriter& established();
  RuleWriter& related();
  RuleWriter& reply_direction();
  RuleWriter& icmp6(IcmpV6Use use, uint8_t hop_limit);
  RuleWriter& reset_flag();
  RuleWriter& log(uint16_t group);

  FenceRule accept();
  FenceRule drop();
  FenceRule redirect(uint16_t port);
  FenceRule reject_with_reset();
  FenceRule reject_as_unreachable();
  FenceRule as_it_is() { return take(""); }

 private:
  RuleWriter& say(const std::string& words);
  FenceRule take(const char* words);
  FenceRule verdict(const char* word, uint32_t code);
  void family(uint8_t number);
  void transport(uint8_t number);
  void begin(const char* expression);
  void end();
  void load_meta(uint32_t key);
  void load_ct(uint32_t key);
  void load_payload(uint32_t base, uint32_t offset, uint32_t length);
  void mask(std::string_view bits);
  void compare(uint32_t operation, std::string_view value);
  void equal(std::string_view value);
  void in_set(uint32_t key_type, std::vector<uint8_t> keys);
  void one_of_state(uint32_t key, uint32_t bit);

  uint32_t& sets_;
  FenceRule rule_;
  NetlinkAttributeWriter out_;
  uint8_t family_ = 0, transport_ = 0;
};

}  // namespace nemoclaw::hooks
