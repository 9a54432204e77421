// nemoclawctl policy test [FILE] --vectors FILE
#include <cstdio>
#include <map>
#include <memory>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_vectors.h"
#include "ctl/printable.h"
#include "policy/parse/parse.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

constexpr size_t kVectorBytesMax = size_t{16} << 20;

using EnginePointer = std::shared_ptr<const policy::Engine>;

struct Failure {
  std::string name, expected, got, reason;
};

Result<EnginePointer> engine_of(const std::string& text, const std::string& name) {
  auto outcome = policy::parse_policy(text, name);
  if (outcome.policy) return policy::Engine::compile(*outcome.policy);
  for (const auto& diagnostic : outcome.diagnostics)
    if (diagnostic.severity == policy::Severity::Error)
      return make_error(policy::render_line(diagnostic, name));
  return make_error("the policy is invalid");
}

struct Verdict {
  std::string word, reason;
};

Verdict judge_vector(const PolicyVector& vector, const Result<EnginePointer>& engine) {
  if (!engine) return {"invalid", engine.error().message};
  const policy::Decision decision = judge(**engine, vector.request);
  std::string reason = decision.reason;
  if (!decision.nearest.empty()) reason += " (" + decision.nearest + ")";
  return {decision.verdict == policy::Verdict::Allow ? "allow" : "deny", std::move(reason)};
}

std::string as_json(size_t passed, const std::vector<Failure>& failures) {
  json::Writer writer;
  writer.begin_object().member("passed", uint64_t{passed}).member("failed", uint64_t{failures.size()});
  writer.key("failures").begin_array();
  for (const Failure& failure : failures) {
    writer.begin_object().member("name", failure.name).member("expected", failure.expected);
    writer.member("got", failure.got).member("reason", failure.reason).end_object();
  }
  return writer.end_array().end_object().take();
}

int report(size_t passed, const std::vector<Failure>& failures, bool json) {
  if (json) {
    std::printf("%s\n", as_json(passed, failures).c_str());
  } else {
    for (const Failure& failure : failures)
      std::printf("FAILED %s: expected %s, got %s: %s\n", printable(failure.name).c_str(),
                  failure.expected.c_str(), failure.got.c_str(), printable(failure.reason).c_str());
    std::printf("%zu passed, %zu failed\n", passed, failures.size());
  }
  return failures.empty() ? kExitFine : kExitNo;
}

// Says what cannot be judged; the others are judged all the same.
bool all_readable(const std::vector<PolicyVector>& vectors, const std::string& file) {
  bool readable = true;
  for (const PolicyVector& vector : vectors) {
    if (vector.unreadable.empty()) continue;
    readable = false;
    policy_usage_error("test", file + ": vector " + quoted(vector.name, 64) + ": " + vector.unreadable);
  }
  return readable;
}

int run_vectors(const std::vector<PolicyVector>& vectors, const std::optional<std::string>& file, bool json) {
  std::map<std::string, Result<EnginePointer>> engines;  // by the policy's text: many vectors share one
  std::optional<std::string> common;
  if (file) {
    auto text = read_file(*file, kVectorBytesMax);
    if (!text) return policy_usage_error("test", text.error().message);
    common = std::move(*text);
  }
  std::vector<Failure> failures;
  for (const PolicyVector& vector : vectors) {
    if (!vector.unreadable.empty()) {
      failures.push_back({vector.name, vector.expect, "unreadable", vector.unreadable});
      continue;
    }
    const auto& text = vector.policy ? vector.policy : common;
    if (!text)
      return policy_usage_error("test", "vector " + quoted(vector.name, 64) +
                                            " has no policy of its own; name a policy file before --vectors");
    auto known = engines.find(*text);
    if (known == engines.end())
      known = engines.emplace(*text, engine_of(*text, vector.policy ? vector.name : *file)).first;
    const Verdict verdict = judge_vector(vector, known->second);
    if (verdict.word != vector.expect)
      failures.push_back({vector.name, vector.expect, verdict.word, verdict.reason});
  }
  return report(vectors.size() - failures.size(), failures, json);
}

int run(const Options& options, bool json) {
  const std::string file = options.value("vectors").value_or("");
  if (file.empty()) return policy_usage_error("test", "--vectors is missing; see --help");
  const auto text = read_file(file, kVectorBytesMax);
  if (!text) return policy_usage_error("test", text.error().message);
  const auto vectors = read_policy_vectors(*text);
  if (!vectors) return policy_usage_error("test", file + ": " + vectors.error().message);
  const bool readable = all_readable(*vectors, file);
  const int code =
      run_vectors(*vectors, options.words().empty() ? std::nullopt : std::optional(options.words()[0]), json);
  return readable ? code : kExitUsage;
}

}  // namespace

const PolicyCommand& policy_test() {
  static const PolicyCommand command = {
      .name = "test",
      .summary = "judge requests with expected verdicts",
      .usage = "[FILE] --vectors FILE",
      .about =
          "Judges each request of the vectors by its own policy, or by FILE if it has none, and\n"
          "prints those whose verdict is another than expected.\n"
          "Exit code: 0 all as expected, 1 a vector failed, 2 a file or a vector cannot be read.",
      .rows = {{"vectors", "FILE", "the requests and their expected verdicts (JSON)"}},
      .words = Words::Files,
      .words_min = 0,
      .words_max = 1,
      .words_wrong = "name at most one policy file",
      .run = run};
  return command;
}

}  // namespace nemoclaw::ctl
