// State files lie in a directory that several runtimes share: anything may be found there.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/oci/sandbox_record.h"
#include "runtime/oci/state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)oci::decode_sandbox_record(text);
  (void)oci::decode_effective_spec(text);
  const Result<oci::StateRecord> record = oci::decode_state_record(text);
  if (!record) return 0;
  const Result<oci::StateRecord> again = oci::decode_state_record(oci::encode_state_record(*record));
  if (!again || !(*again == *record)) abort();
  (void)oci::encode_state(*record, oci::Status::Running, true);
  return 0;
}
