// An address or a prefix of addresses, in its canonical form.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::hooks {

struct AddressPrefix {
  bool six = false;
  std::string network;  // 4 or 16 bytes, those behind the length are 0
  unsigned length = 0;  // in bits

  unsigned whole() const { return six ? 128 : 32; }
  // "10.0.0.0/8"; an address without a length. As nft prints it, so that nothing but an address can enter the
  // ruleset.
  std::string text() const;
  bool operator==(const AddressPrefix&) const = default;
};

Result<AddressPrefix> parse_address_prefix(std::string_view text);

}  // namespace nemoclaw::hooks
