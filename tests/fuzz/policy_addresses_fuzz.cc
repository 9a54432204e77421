// Addresses and ranges as text: what is read is written in the same way for ever, and is judged.
#include <cstdint>
#include <cstdlib>

#include "policy/engine/address_class.h"
#include "policy/model/address.h"

using namespace nemoclaw::policy;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto address = parse_address(text)) {
    const auto again = parse_address(to_string(*address));
    if (!again || !(*again == *address)) abort();
    const AddressJudgement judgement = judge_address(*address);
    if (!judgement.name || !*judgement.name) abort();
    // Whatever carries an address inside is never better than what it carries.
    const Address inner = effective_address(*address);
    if (judge_address(inner).kind == AddressClass::Never && judgement.kind != AddressClass::Never) abort();
  }
  if (const auto range = parse_cidr(text)) {
    const auto again = parse_cidr(to_string(*range));
    if (!again || !(*again == *range)) abort();
    if (!range->contains(range->network)) abort();
  }
  if (size >= 16) {
    Address raw;
    for (size_t i = 0; i < 16; ++i) raw.bytes[i] = data[i];
    judge_address(raw);
    const auto again = parse_address(to_string(raw));
    if (!again || !(*again == raw)) abort();
  }
  return 0;
}
