// Any target: refused with a reason, or brought to a form that is its own canonical form and holds nothing
// that a rule could be led around with.
#include <cstdint>
#include <cstdlib>

#include "policy/engine/glob.h"
#include "policy/engine/target.h"

using namespace nemoclaw::policy;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool keep = (data[0] & 1) != 0;
  const TargetOutcome outcome = canonicalise_target(text, keep);
  if (outcome.target.has_value() != outcome.reason.empty()) abort();
  if (!outcome.target) return 0;
  const std::string& path = outcome.target->path;
  if (path.empty() || path[0] != '/' || path.size() > 4096) abort();
  for (const char* never : {"//", "/./", "/../", "\\", ";", "#", " "})
    if (path.find(never) != std::string::npos) abort();
  if (!keep && path.find("%2F") != std::string::npos) abort();
  const TargetOutcome again = canonicalise_target(outcome.target->text(), keep);
  if (!again.target || again.target->text() != outcome.target->text()) abort();
  if (again.target->pairs != outcome.target->pairs) abort();
  // The text as a pattern: it compiles, and comes to an end.
  Glob::path(path).matches(path);
  Glob::name(text).matches(path);
  return 0;
}
