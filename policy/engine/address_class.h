// What kind of place an address is (egress.md, section 4; RFC 6890 and its successors).
#pragma once

#include "policy/model/address.h"

namespace nemoclaw::policy {

enum class AddressClass : uint8_t {
  Public,   // globally routed
  Private,  // reachable only by an exact host, a literal or allowed_ips
  Never,    // loopback, link-local, metadata, unspecified, multicast
};

struct AddressJudgement {
  AddressClass kind = AddressClass::Public;
  const char* name = "public";  // "loopback", "cloud metadata", "private range" ...
};

// Addresses that carry an IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) are judged by
// it.
AddressJudgement judge_address(const Address& address);

// The IPv4 address inside, where exactly one is (compatible, translated, NAT64, 6to4); else the address
// itself.
Address effective_address(const Address& address);

}  // namespace nemoclaw::policy
