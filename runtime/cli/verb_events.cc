#include <poll.h>

#include <algorithm>

#include "runtime/base/json.h"
#include "runtime/cli/quantity.h"
#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"

namespace nemoclaw::cli {

namespace {

std::string encode_stats(const std::string& id, const cgroup::Stats& stats) {
  json::Writer writer;
  writer.begin_object().member("type", "stats").member("id", id).key("data").begin_object();
  writer.key("cpu").begin_object().key("usage").begin_object();
  writer.member("total", stats.cpu_usage_ns).end_object().end_object();
  writer.key("memory").begin_object().key("usage").begin_object();
  writer.member("limit", stats.memory_limit_bytes).member("usage", stats.memory_usage_bytes);
  writer.end_object().end_object();
  writer.key("pids").begin_object().member("current", stats.pids_current).end_object();
  writer.end_object().end_object();
  return writer.take() + "\n";
}

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const std::string& id = arguments.positional[0];
  const int64_t interval_ms = TRY(parse_duration_ms(arguments.value("interval", "5s")));
  if (interval_ms <= 0) return make_error("duration interval must be greater than 0");
  const container::StateStore store = globals.store();
  const cgroup::Stats first = TRY(container::container_stats(store, id));
  TRY(print(encode_stats(id, first)));
  if (arguments.flag("stats")) return 0;
  for (;;) {
    poll(nullptr, 0, static_cast<int>(std::min<int64_t>(interval_ms, 3'600'000)));
    const Result<cgroup::Stats> stats = container::container_stats(store, id);
    if (!stats) return 0;  // the container has ended, and with it its events
    TRY(print(encode_stats(id, *stats)));
  }
}

constexpr Option kOptions[] = {
    {"interval", 0, Takes::Value, "time between two records (default: 5s)"},
    {"stats", 0, Takes::Nothing, "print the statistics once and exit"},
};

}  // namespace

constinit const Verb kEvents = {
    .name = "events",
    .arguments = "<container-id>",
    .summary = "print resource usage as JSON records until the container ends",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
