#include "proxy/serve/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>

#include "nemoclaw_version.h"
#include "proxy/metrics/exposition.h"
#include "runtime/base/file.h"

namespace nemoclaw::serve {

namespace {

using metrics::Exposition;

void write_decisions(Exposition& text, const metrics::Meters& meters) {
  text.family("nemoclaw_decisions_total", "counter",
              "Decisions by verdict, way in, reason code and entry of the policy.");
  for (const auto& [key, times] : meters.decisions) {
    const auto& [verdict, via, code, entry] = key;
    text.sample({{"verdict", verdict}, {"via", via}, {"code", code}, {"entry", entry}}, times);
  }
  text.family("nemoclaw_names_total", "counter", "Questions for names, by what was answered.");
  for (const auto& [result, times] : meters.names) text.sample({{"result", result}}, times);
  text.family("nemoclaw_identity_failures_total", "counter", "Callers that could not be identified or trusted.");
  for (const auto& [code, times] : meters.identity_failures) text.sample({{"code", code}}, times);
}

void write_identity(Exposition& text, const peer::Identifier& identifier) {
  text.family("nemoclaw_identity_total", "counter",
              "Callers by the way in which they were looked for: the kernel's record of who connected, or a search.")
      .sample({{"way", "record"}}, identifier.ways().record)
      .sample({{"way", "search"}}, identifier.ways().search);
  text.family("nemoclaw_identity_record", "gauge", "1 if the kernel notes who connects.")
      .sample(identifier.uses_connects() ? 1 : 0);
}

void write_latencies(Exposition& text, const metrics::Meters& meters) {
  const std::pair<const char*, const metrics::Histogram*> all[] = {
      {"decision", &meters.decision}, {"identity", &meters.identity}, {"resolve", &meters.resolve}, {"dial", &meters.dial}};
  text.family("nemoclaw_step_seconds", "histogram",
              "Time of the steps of a new connection: decision (with its lookup), identity, resolve, dial.");
  for (const auto& [step, histogram] : all) text.histogram({{"step", step}}, *histogram);
}

void write_connections(Exposition& text, const enforce::Context& context) {
  const metrics::Meters& meters = context.meters;
  text.family("nemoclaw_connections", "gauge", "Connections from the sandbox that are open.")
      .sample(context.counters.connections);
  text.family("nemoclaw_connections_accepted_total", "counter", "Connections from the sandbox.")
      .sample(meters.connections_accepted);
  text.family("nemoclaw_connections_shed_total", "counter", "Connections reset because too many were open.")
      .sample(meters.connections_shed);
  text.family("nemoclaw_origins_failed_total", "counter", "Origins that could not be reached.")
      .sample(meters.origins_failed);
  text.family("nemoclaw_bytes_total", "counter", "Bytes of connections that have ended, by direction.")
      .sample({{"direction", "out"}}, meters.bytes_out)
      .sample({{"direction", "in"}}, meters.bytes_in);
  text.family("nemoclaw_audit_records_total", "counter", "Lines of the audit.").sample(context.log.sequence());
  text.family("nemoclaw_audit_failures_total", "counter", "Lines that could not be written to the audit.")
      .sample(context.counters.audit_failures);
}

void write_policies(Exposition& text, const enforce::Context& context) {
  text.family("nemoclaw_policy_generation", "gauge", "How many policies the container has had, and which is in force.");
  for (const std::shared_ptr<enforce::Container>& each : context.containers)
    text.sample({{"container", each->subject.container},
                 {"policy", each->subject.policy_name},
                 {"digest", each->subject.policy_digest}},
                each->subject.generation);
  text.family("nemoclaw_trusted_binaries", "gauge", "Executables whose content is pinned.");
  for (const std::shared_ptr<enforce::Container>& each : context.containers)
    text.sample({{"container", each->subject.container}}, static_cast<uint64_t>(each->trust.size()));
}

uint64_t resident_bytes() {
  const std::string text = read_file("/proc/self/statm", 4096).value_or("");
  uint64_t pages = 0;
  const size_t second = text.find(' ') + 1;
  std::from_chars(text.data() + second, text.data() + text.size(), pages);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void write_process(Exposition& text, const Sandbox& sandbox) {
  text.family("nemoclaw_proxy_resident_bytes", "gauge", "Memory of the proxy's worker.").sample(resident_bytes());
  text.family("nemoclaw_proxy_cpu_seconds_total", "counter", "Processor time of the proxy's worker.")
      .sample({}, cpu_seconds());
  if (const Result<std::vector<std::string>> open = list_directory("/proc/self/fd"))
    text.family("nemoclaw_proxy_open_fds", "gauge", "Open descriptors of the proxy's worker.")
        .sample(static_cast<uint64_t>(open->size()));
  text.family("nemoclaw_proxy_restarts_total", "counter", "Workers that crashed and were replaced.")
      .sample(sandbox.restarts);
  text.family("nemoclaw_proxy_info", "gauge", "The version that is running.")
      .sample({{"version", NEMOCLAW_VERSION}}, uint64_t{1});
}

}  // namespace

std::string render_metrics(const Sandbox& sandbox) {
  const enforce::Context& context = *sandbox.context;
  Exposition text(metrics::Labels{{"sandbox", sandbox.record.id}});
  write_connections(text, context);
  write_decisions(text, context.meters);
  write_identity(text, context.identifier);
  write_latencies(text, context.meters);
  write_policies(text, context);
  write_process(text, sandbox);
  return text.take();
}

}  // namespace nemoclaw::serve
