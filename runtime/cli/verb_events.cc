#include <poll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

#include "runtime/cli/quantity.h"
#include "runtime/cli/stats_json.h"
#include "runtime/cli/verb.h"
#include "runtime/container/lifecycle.h"

namespace nemoclaw::cli {

namespace {

int64_t now_ms() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Until the container ends: a record of its usage every interval, and one for each time that memory ran out.
Result<int> follow(const container::StateStore& store, const std::string& id, int64_t interval_ms) {
  container::Watch watch = TRY(container::watch_container(store, id));
  int64_t due = now_ms() + interval_ms;
  for (;;) {
    const int64_t left = std::clamp<int64_t>(due - now_ms(), 0, 3'600'000);
    pollfd waits[] = {{watch.ended.raw(), POLLIN, 0}, {watch.oom.fd().raw(), POLLIN, 0}};
    const int ready = poll(waits, 2, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return errno_error("poll");
    if (ready > 0 && waits[1].revents != 0) {
      for (uint64_t count = TRY(watch.oom.take()); count > 0; --count) TRY(print(encode_oom(id)));
    }
    if (ready > 0 && waits[0].revents != 0) return 0;
    if (now_ms() < due) continue;
    due = now_ms() + interval_ms;
    const Result<cgroup::Stats> stats = container::container_stats(store, id);
    if (!stats) return 0;  // it has ended meanwhile, and with it its events
    TRY(print(encode_stats(id, *stats)));
  }
}

Result<int> run(const Globals& globals, const Arguments& arguments) {
  const std::string& id = arguments.positional[0];
  const int64_t interval_ms = TRY(parse_duration_ms(arguments.value("interval", "5s")));
  if (interval_ms <= 0) return make_error("duration interval must be greater than 0");
  const container::StateStore store = globals.store();
  if (!arguments.flag("stats")) return follow(store, id, interval_ms);
  const cgroup::Stats stats = TRY(container::container_stats(store, id));
  TRY(print(encode_stats(id, stats)));
  return 0;
}

constexpr Option kOptions[] = {
    {"interval", 0, Takes::Value, "time between two records (default: 5s)"},
    {"stats", 0, Takes::Nothing, "print the statistics once and exit"},
};

}  // namespace

constinit const Verb kEvents = {
    .name = "events",
    .arguments = "<container-id>",
    .summary = "print resource usage and out-of-memory events as JSON records until the container ends",
    .options = kOptions,
    .arguments_min = 1,
    .arguments_max = 1,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
