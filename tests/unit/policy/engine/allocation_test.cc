// What is allowed is decided without a heap: counted, because one string that grows past its room would bring
// it back.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "policy/engine/engine.h"
#include "policy/parse/parse.h"

namespace {
std::atomic<size_t> allocations{0};
}

// Counts and does what the library's own does. Not inlined: g++ would see free() beside the new of gtest's objects and
// take them for a mismatch.
[[gnu::noinline]] void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace nemoclaw::policy {
namespace {

constexpr const char* text = R"(
version: 1
network_policies:
  plain: {endpoints: [{host: api.example.test, port: 443}], binaries: [{path: /usr/bin/curl}, {path: "/opt/**/agent"}]}
  wild: {endpoints: [{host: "**.wild.test", port: 443}, {host: "*-api.wild.test", port: 443}]}
  rest:
    endpoints:
      - {host: rest.example.test, port: 443, path: "/v1/**", rules: [{allow: {method: GET, path: "/v1/*/items/**", query: {q: "a*"}}}],
         deny_rules: [{method: "*", path: "/v1/admin/**"}]}
      - {host: rest.example.test, port: 443, access: read-only}
    binaries: [{path: /usr/bin/python3}]
  mcp: {endpoints: [{host: mcp.example.test, port: 443, protocol: mcp, rules: [{allow: {method: tools/call, tool: "read_*"}}]}]}
)";

std::shared_ptr<const Engine> engine() {
  ParseOutcome outcome = parse_policy(text, "p.yaml");
  EXPECT_TRUE(outcome.policy) << render_line(outcome.diagnostics.at(0), "p.yaml");
  return Engine::compile(*outcome.policy).value();
}

std::vector<L7Request> allowed_requests() {
  const auto make = [](const char* binary, const char* host, const char* path) {
    L7Request request;
    request.connection.caller.binary = binary;
    request.connection.caller.ancestors = {"/bin/bash", "/usr/bin/python3"};
    request.connection.host = host;
    request.connection.port = 443;
    request.method = "GET";
    request.path = path;
    return request;
  };
  std::vector<L7Request> requests = {
      make("/usr/bin/curl", "api.example.test", "/"), make("/opt/a/b/agent", "api.example.test", "/"),
      make("/usr/bin/any", "deep.below.wild.test", "/"), make("/usr/bin/node", "rest.example.test", "/other"),
      make("/usr/bin/python3", "rest.example.test", "/v1/shop/items/7")};
  requests.back().query = {{"q", "abc"}};
  requests.push_back(make("/usr/bin/any", "mcp.example.test", "/mcp"));
  requests.back().method = "POST";
  requests.back().rpc.emplace().frames.push_back({"tools/call", "read_file", false});
  return requests;
}

TEST(Allocation, NoneForWhatIsAllowed) {
  const auto policy = engine();
  for (const L7Request& request : allowed_requests()) {
    ASSERT_EQ(policy->decide_l7(request).verdict, Verdict::Allow) << policy->decide_l7(request).reason;
    const size_t before = allocations;
    const Decision l4 = policy->decide_l4(request.connection), l7 = policy->decide_l7(request);
    const auto plan = policy->plan_l7(request.connection, request.path);
    const size_t after = allocations;
    EXPECT_EQ(after - before, 0u) << request.connection.host << request.path;
    EXPECT_EQ(l4.verdict, Verdict::Allow);
    EXPECT_EQ(plan.has_value(), l4.needs_l7);
    EXPECT_FALSE(l7.reason.empty());
  }
}

// One engine, many threads, no lock: with a thread sanitizer any write that is shared would be found.
TEST(Threads, ShareOneEngine) {
  const auto policy = engine();
  const std::vector<L7Request> requests = allowed_requests();
  std::atomic<size_t> wrong{0};
  std::vector<std::thread> threads;
  for (size_t worker = 0; worker < 4; ++worker)
    threads.emplace_back([&, worker] {
      for (size_t i = 0; i < 2000; ++i) {
        L7Request request = requests[(i + worker) % requests.size()];
        if (policy->decide_l7(request).verdict != Verdict::Allow) ++wrong;
        request.connection.host = "denied.test";
        const Decision denied = policy->decide_l7(request);
        if (denied.verdict != Verdict::Deny || denied.reason.empty()) ++wrong;
        const auto plan = policy->plan_l7(request.connection, request.path);
        const Decision judged =
            policy->judge_addresses(request.connection, denied, {*parse_address("10.0.0.1")}, {});
        if (plan || judged.verdict != Verdict::Deny) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace nemoclaw::policy
