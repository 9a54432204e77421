// Every vector of tests/data/policy-vectors.json that this engine can judge: layer l4, and those whose policy
// must not load.
#include <gtest/gtest.h>

#include <iostream>

#include "nemoclaw_source_tree.h"
#include "policy/engine/engine.h"
#include "policy/parse/parse.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::policy {
namespace {

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value ? value->string : std::string();
}

L4Request request_of(const json::Value& value) {
  L4Request request;
  request.caller.binary = text_of(value, "binary");
  request.caller.identity_error = text_of(value, "identity_error");
  if (const json::Value* ancestors = value.find("ancestors"))
    for (const json::Value& ancestor : ancestors->array) request.caller.ancestors.push_back(ancestor.string);
  request.port = static_cast<uint16_t>(value.find("port")->integer);
  return request;
}

// As the proxy does it: canonical host, decision, addresses.
Decision decide(const Engine& engine, const json::Value& value) {
  L4Request request = request_of(value);
  auto host = normalise_host(text_of(value, "host"));
  if (!host) {
    Decision decision;
    decision.code = "invalid_request";
    decision.reason = host.error().message;
    return decision;
  }
  request.host = *host;
  Decision decision = engine.decide_l4(request);
  const json::Value* addresses = value.find("resolved_ips");
  if (decision.verdict != Verdict::Allow || !addresses) return decision;
  std::vector<Address> parsed;
  for (const json::Value& address : addresses->array) parsed.push_back(parse_address(address.string).value());
  return engine.judge_addresses(request, decision, parsed, {});
}

TEST(PolicyVectors, L4AndInvalid) {
  auto text = read_file(TEST_DATA_DIR "/policy-vectors.json");
  ASSERT_TRUE(text) << text.error().message;
  auto file = json::parse(*text);
  ASSERT_TRUE(file) << file.error().message;
  size_t l4 = 0, invalid = 0, loaded = 0;
  for (const json::Value& vector : file->find("vectors")->array) {
    const std::string name = text_of(vector, "name"), expect = text_of(vector, "expect");
    SCOPED_TRACE(name + ": " + text_of(vector, "note"));
    ParseOutcome outcome = parse_policy(text_of(vector, "policy"), name);
    if (expect == "invalid") {
      EXPECT_FALSE(outcome.policy);
      ASSERT_FALSE(outcome.diagnostics.empty());
      EXPECT_GT(outcome.diagnostics[0].at.line, 0u);
      ++invalid;
      continue;
    }
    // Policies of l7 vectors must at least load; their requests are not judged here.
    ASSERT_TRUE(outcome.policy) << render_line(outcome.diagnostics.at(0), name);
    auto engine = Engine::compile(*outcome.policy);
    ASSERT_TRUE(engine) << engine.error().message;
    ++loaded;
    const Decision decision = decide(**engine, *vector.find("request"));
    if (text_of(vector, "layer") == "l4") {
      EXPECT_EQ(decision.verdict == Verdict::Allow ? "allow" : "deny", expect) << decision.reason;
      EXPECT_FALSE(decision.reason.empty());
      ++l4;
    } else if (expect == "allow") {
      // Whatever is forwarded after inspection has passed L4 first, and is marked for inspection if it has
      // rules.
      EXPECT_EQ(decision.verdict, Verdict::Allow) << decision.reason;
      EXPECT_TRUE(decision.needs_l7);
    }
  }
  std::cout << "policy vectors: " << l4 << " l4 judged, " << invalid << " refused to load, " << loaded
            << " loaded\n";
  EXPECT_EQ(l4, 48u);
  EXPECT_EQ(invalid, 3u);
  EXPECT_EQ(loaded, 100u);
}

}  // namespace
}  // namespace nemoclaw::policy
