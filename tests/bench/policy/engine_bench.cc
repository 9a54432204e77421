// How long a decision, a load and a compile take, and what a compiled policy weighs.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <filesystem>

#include "nemoclaw_source_tree.h"
#include "policy/engine/engine.h"
#include "policy/parse/parse.h"
#include "runtime/base/file.h"

namespace nemoclaw::policy {
namespace {

std::string text_of(const std::string& name) {
  return read_file(SOURCE_DIR "/policy/presets/" + name).value();
}

// The baseline and every preset in one policy.
Policy everything() {
  Policy all = *parse_policy(text_of("openclaw-sandbox.yaml"), "openclaw-sandbox.yaml").policy;
  for (const auto& file : std::filesystem::directory_iterator(SOURCE_DIR "/policy/presets")) {
    const std::string name = file.path().filename();
    if (!name.ends_with(".yaml")) continue;
    const ParseOutcome outcome = parse_policy(text_of(name), name);
    if (!outcome.policy || !outcome.policy->is_preset) continue;
    for (NetworkEntry entry : outcome.policy->network) {
      entry.key = name + "-" + entry.key;
      Policy with = all;
      with.network.push_back(entry);
      if (Engine::compile(with)) all = std::move(with);  // some presets and the baseline disagree on a host
    }
  }
  return all;
}

enum Kind : int64_t { DistinctHosts, OneHost, OneHostManyEntries, Wildcards, NothingShared };

Policy made_up(int64_t count, int64_t kind) {
  Policy policy;
  const int64_t entries = kind == OneHost ? 1 : count;
  for (int64_t i = 0; i < count; ++i) {
    if (static_cast<int64_t>(policy.network.size()) < entries) {
      NetworkEntry entry;
      entry.key = "e" + std::to_string(1000000 + i);
      entry.binaries.emplace().push_back({"/usr/bin/curl"});
      if (kind == OneHostManyEntries || kind == NothingShared)
        entry.binaries->front().path += i == 0 ? "" : std::to_string(i);
      policy.network.push_back(std::move(entry));
    }
    Endpoint endpoint;
    const std::string number = std::to_string(i);
    endpoint.host = kind == DistinctHosts                        ? "h" + number + ".example.test"
                    : kind == Wildcards || kind == NothingShared ? "*.d" + number + ".example.test"
                                                                 : "one.example.test";
    endpoint.ports = {443};
    endpoint.protocol = Protocol::Rest;
    if (kind == OneHost || kind == OneHostManyEntries) endpoint.path = "/v" + number + "/**";
    endpoint.rules.push_back({});
    endpoint.rules.back().method = "GET";
    endpoint.rules.back().path = "/v" + number + "/**";
    policy.network.back().endpoints.push_back(std::move(endpoint));
  }
  return policy;
}

L7Request request_for(int64_t count, int64_t kind) {
  const std::string number =
      std::to_string(kind == OneHostManyEntries || kind == NothingShared ? 0 : count / 2);
  L7Request request;
  request.connection.caller.binary = "/usr/bin/curl";
  request.connection.caller.ancestors = {"/usr/bin/bash", "/usr/bin/node"};
  request.connection.host = kind == DistinctHosts                        ? "h" + number + ".example.test"
                            : kind == Wildcards || kind == NothingShared ? "x.d" + number + ".example.test"
                                                                         : "one.example.test";
  request.connection.port = 443;
  request.method = "GET";
  request.path = "/v" + number + "/items/17";
  return request;
}

L7Request shipped_request() {
  L7Request request;
  request.connection.caller.binary = "/usr/bin/gh";
  request.connection.caller.ancestors = {"/usr/bin/bash", "/usr/local/bin/node"};
  request.connection.host = "api.github.com";
  request.connection.port = 443;
  request.method = "GET";
  request.path = "/repos/example/project/issues";
  return request;
}

void expect_allowed(benchmark::State& state, const Decision& decision) {
  if (decision.verdict != Verdict::Allow) state.SkipWithError(decision.reason.c_str());
}

void shipped_l4(benchmark::State& state) {
  const auto engine = Engine::compile(everything()).value();
  const L7Request request = shipped_request();
  expect_allowed(state, engine->decide_l4(request.connection));
  for (auto _ : state) benchmark::DoNotOptimize(engine->decide_l4(request.connection));
}
BENCHMARK(shipped_l4);

void shipped_l4_denied(benchmark::State& state) {
  const auto engine = Engine::compile(everything()).value();
  L7Request request = shipped_request();
  request.connection.host = "not.listed.test";
  for (auto _ : state) benchmark::DoNotOptimize(engine->decide_l4(request.connection));
}
BENCHMARK(shipped_l4_denied);

void shipped_l7(benchmark::State& state) {
  const auto engine = Engine::compile(everything()).value();
  const L7Request request = shipped_request();
  expect_allowed(state, engine->decide_l7(request));
  for (auto _ : state) benchmark::DoNotOptimize(engine->decide_l7(request));
}
BENCHMARK(shipped_l7);

void growing_l4(benchmark::State& state) {
  const auto engine = Engine::compile(made_up(state.range(0), state.range(1))).value();
  const L7Request request = request_for(state.range(0), state.range(1));
  expect_allowed(state, engine->decide_l4(request.connection));
  for (auto _ : state) benchmark::DoNotOptimize(engine->decide_l4(request.connection));
}
void growing_l7(benchmark::State& state) {
  const auto engine = Engine::compile(made_up(state.range(0), state.range(1))).value();
  const L7Request request = request_for(state.range(0), state.range(1));
  expect_allowed(state, engine->decide_l7(request));
  for (auto _ : state) benchmark::DoNotOptimize(engine->decide_l7(request));
}
void every_size(benchmark::internal::Benchmark* each) {
  each->ArgNames({"endpoints", "kind"});
  for (int64_t kind : {DistinctHosts, OneHost, OneHostManyEntries, Wildcards, NothingShared})
    for (int64_t count : {10, 10'000}) each->Args({count, kind});
}
BENCHMARK(growing_l4)->Apply(every_size);
BENCHMARK(growing_l7)->Apply(every_size);

void load_baseline(benchmark::State& state) {
  const std::string text = text_of("openclaw-sandbox.yaml");
  for (auto _ : state) {
    const ParseOutcome outcome = parse_policy(text, "openclaw-sandbox.yaml");
    benchmark::DoNotOptimize(Engine::compile(*outcome.policy));
  }
}
BENCHMARK(load_baseline)->Unit(benchmark::kMicrosecond);

// Nearly the largest file that is read: 1 MiB.
void load_largest(benchmark::State& state) {
  std::string text = "version: 1\nnetwork_policies:\n  all:\n    endpoints:\n";
  for (int i = 0; i < 10'000; ++i)
    text += "      - {host: h" + std::to_string(i) +
            ".example.test, port: 443, protocol: rest, access: read-only}\n";
  for (auto _ : state) {
    const ParseOutcome outcome = parse_policy(text, "p.yaml");
    if (!outcome.policy) return state.SkipWithError("does not load");
    benchmark::DoNotOptimize(Engine::compile(*outcome.policy));
  }
}
BENCHMARK(load_largest)->Unit(benchmark::kMillisecond);

// What the compiled baseline weighs, with its lists of binaries and rules.
void compile_shipped(benchmark::State& state) {
  const Policy policy = everything();
  size_t endpoints = 0;
  for (const NetworkEntry& entry : policy.network) endpoints += entry.endpoints.size();
  const size_t before = mallinfo2().uordblks;
  auto kept = Engine::compile(policy);
  state.counters["bytes/endpoint"] =
      static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(endpoints);
  for (auto _ : state) benchmark::DoNotOptimize(Engine::compile(policy));
}
BENCHMARK(compile_shipped)->Unit(benchmark::kMicrosecond);

void compile(benchmark::State& state) {
  const Policy policy = made_up(state.range(0), state.range(1));
  const size_t before = mallinfo2().uordblks;
  auto kept = Engine::compile(policy);
  state.counters["bytes/endpoint"] =
      static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Engine::compile(policy));
}
BENCHMARK(compile)->Apply(every_size)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nemoclaw::policy

BENCHMARK_MAIN();
