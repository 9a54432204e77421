// Any bytes: the reader answers with a policy or with problems, never both and never neither; what it accepts
// compiles.
#include <cstdint>
#include <cstdlib>

#include "policy/engine/engine.h"
#include "policy/parse/parse.h"

using namespace nemoclaw::policy;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ParseOutcome outcome = parse_policy(text, "fuzz.yaml");
  bool error = false;
  for (const Diagnostic& diagnostic : outcome.diagnostics) {
    error = error || diagnostic.severity == Severity::Error;
    if (diagnostic.code.size() != 5 || diagnostic.message.empty()) abort();
    if (render_line(diagnostic, "f").find('\n') != std::string::npos) abort();
    render_text(diagnostic, "f", false);
  }
  render_json(outcome.diagnostics, "f");
  if (error == outcome.policy.has_value()) abort();
  if (!outcome.policy) return 0;
  const auto engine = Engine::compile(*outcome.policy);
  if (!engine) abort();
  L4Request request;
  request.caller.binary = "/usr/bin/curl";
  request.host = "api.example.test";
  request.port = 443;
  const Decision decision = (*engine)->decide_l4(request);
  if (decision.reason.empty()) abort();
  if ((*engine)->judge_addresses(request, decision, {*parse_address("127.0.0.1")}, {}).verdict !=
      Verdict::Deny)
    abort();
  return 0;
}
