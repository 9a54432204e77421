// Each of the four forms: the first byte chooses one, the rest stands below its head. What is accepted can be written as
// the full schema, is accepted again, and decides alike.
#include <cstdint>
#include <cstdlib>

#include "policy/engine/engine.h"
#include "policy/model/ceiling.h"
#include "policy/parse/full_schema.h"
#include "policy/parse/parse.h"

using namespace nemoclaw::policy;

namespace {

constexpr std::string_view heads[] = {
    "version: 1\nnetwork_policies:\n",
    "version: 1\n",
    "preset: {name: p, description: d}\nnetwork_policies:\n",
    "policies:\n",
    "",
    "egress:\n  rules:\n",
    "version: 1\nnetwork_policies:\n  a:\n    endpoints:\n      - host: api.example.test\n        port: 443\n        ",
};

Decision ask(const Engine& engine, const char* host) {
  L7Request request;
  request.connection.caller.binary = "/usr/bin/curl";
  request.connection.host = host;
  request.connection.port = 443;
  request.method = "GET";
  request.path = "/v1/x";
  return engine.decide_l7(request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(heads[data[0] % std::size(heads)]);
  text.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ParseOutcome outcome = parse_policy(text, "p.yaml");
  if (!outcome.policy) return 0;
  const auto engine = Engine::compile(*outcome.policy);
  if (!engine) abort();
  const std::string written = to_yaml(convert_policy(*outcome.policy, text));
  const ParseOutcome again = parse_policy(written, "p.yaml");
  if (!again.policy) abort();
  const auto second = Engine::compile(*again.policy);
  if (!second) abort();
  const Policy bounded = intersect(*outcome.policy, *again.policy);
  const auto both = Engine::compile(bounded);
  if (!both) abort();
  for (const char* host : {"api.example.test", "x.example.test", "10.0.0.1"}) {
    const Verdict verdict = ask(**engine, host).verdict;
    if (ask(**second, host).verdict != verdict || ask(**both, host).verdict != verdict) abort();
  }
  return 0;
}
