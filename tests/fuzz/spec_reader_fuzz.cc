// config.json comes from managers: no input may crash the reader, and what it accepts must survive a round trip.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/oci/spec_check.h"
#include "runtime/oci/spec_reader.h"
#include "runtime/oci/spec_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  const Result<oci::Spec> spec =
      oci::parse_spec(std::string_view(reinterpret_cast<const char*>(data), size), "config.json");
  if (!spec) return 0;
  (void)oci::check_spec(*spec);
  const Result<oci::Spec> again = oci::parse_spec(oci::encode_spec(*spec, true), "written");
  if (!again || !(*again == *spec)) abort();
  return 0;
}
