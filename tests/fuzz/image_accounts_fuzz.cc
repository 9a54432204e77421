// The image's passwd and group: any bytes. A line that is added is found, and nobody becomes root by it.
#include <cstdint>
#include <cstdlib>

#include "policy/compile/accounts.h"

using namespace nemoclaw::policy;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  find_account(text, "sandbox");
  find_group(text, "sandbox");
  if (const auto account = find_account(text, uint32_t{0}); account && account->uid != 0) abort();
  const std::string passwd = with_line(text, "new-user:x:10001:10002::/home:/bin/sh");
  const auto added = find_account(passwd, "new-user");
  if (!added) abort();
  if (!find_account(text, "new-user") && (added->uid != 10001 || added->gid != 10002)) abort();
  const std::string group = with_line(text, "new-group:x:10003:");
  if (!find_group(group, "new-group") || !has_group_id(group, 10003)) abort();
  if (const auto id = parse_id(text); id && *id == ~uint32_t{0}) abort();
  return 0;
}
