// Policy text -> model. All errors at once, each with a place, a stable code and the remedy. The only room
// that knows YAML.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/policy.h"
#include "runtime/base/result.h"

namespace nemoclaw::policy {

enum class Severity : uint8_t { Error, Warning };

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;  // "P0101": stable, documented in docs/policy-errors.md
  Location at;
  std::string message;      // "unknown key 'netwrok_policies'"
  std::string remedy;       // "did you mean 'network_policies'?"; may be empty
  std::string source_line;  // the offending line as it stands in the file
};

struct ParseOutcome {
  std::optional<Policy> policy;  // set only if there is no error
  std::vector<Diagnostic> diagnostics;
};

// Pure; never fails in another way than by diagnostics. `file_name` is for Policy::name only.
ParseOutcome parse_policy(std::string_view text, std::string_view file_name);

// "file:line:column: error P0101: message\n  | source line\n  |     ^\n  = help: remedy\n".
std::string render_text(const Diagnostic& diagnostic, std::string_view file_name, bool colour);
// One line without the source, for logs and for Docker's message: "file:line:column: P0101: message; remedy".
std::string render_line(const Diagnostic& diagnostic, std::string_view file_name);
// JSON array for editors.
std::string render_json(const std::vector<Diagnostic>& diagnostics, std::string_view file_name);

// Reads the file (at most 1 MiB) and parses it; an error lists every diagnostic, one per line.
Result<Policy> load_policy(const std::string& file);

}  // namespace nemoclaw::policy
