#include "proxy/serve/operations.h"

#include <unistd.h>

#include "nemoclaw_version.h"
#include "proxy/dns/docker_dns.h"
#include "proxy/dns/fallback.h"
#include "proxy/serve/outer_dns.h"
#include "proxy/serve/metrics.h"
#include "proxy/serve/reload.h"

namespace nemoclaw::serve {

namespace {

// Docker's resolver answers for container names from memory, within a millisecond or two.
constexpr auto kDockerGrace = std::chrono::milliseconds(250);

std::string text_of(const json::Value& request, std::string_view name) {
  const json::Value* member = request.find(name);
  return member && member->is_string() ? member->string : std::string();
}

void remember_configuration(enforce::Context& context, const dns::ResolvConf& configuration) {
  context.search_domains = configuration.search;
  for (const std::string& server : configuration.nameservers) {
    asio::error_code code;
    const asio::ip::address address = asio::ip::make_address(server, code);
    if (!code) context.name_servers.push_back(address);
  }
}

// The container's resolver; behind Docker's embedded one, the servers that it cannot reach through the fence.
Result<std::unique_ptr<dns::Resolver>> make_resolver(const Sandbox& sandbox,
                                                     const asio::any_io_executor& executor,
                                                     const std::string& resolv_conf, dns::Hosts hosts) {
  dns::ResolvConf configuration = dns::parse_resolv_conf(resolv_conf);
  remember_configuration(*sandbox.context, configuration);
  dns::drop_local_servers(configuration);
  dns::ResolvConf outer = configuration;
  const bool is_docker = dns::names_docker_resolver(configuration);
  auto resolver = TRY(dns::Resolver::create(executor, std::move(configuration), std::move(hosts)));
  if (!is_docker) return resolver;
  outer.nameservers = dns::parse_external_servers(resolv_conf);
  if (outer.nameservers.empty()) outer.nameservers = outer_nameservers(sandbox.record.resolv_conf);
  if (outer.nameservers.empty()) return resolver;
  auto second = TRY(dns::Resolver::create(executor, std::move(outer), {}));
  return dns::with_fallback(executor, std::move(resolver), std::move(second), kDockerGrace);
}

std::string operate_start(Worker& worker, const json::Value& request) {
  json::Writer answer;
  const StartInput start{text_of(request, "resolv_conf"), text_of(request, "hosts"), text_of(request, "container")};
  const std::shared_ptr<enforce::Container> joined = worker.context.find_container(start.container);
  if (!start.container.empty() && !joined)
    return control::render_error("container " + quoted(start.container) + " has not joined this sandbox");
  if (joined ? joined->resolver : worker.context.resolver) {
    // Read once and never again: a container that rewrites its files must not choose its name servers.
    answer.begin_object().member("ok", true).member("note", "already started; the first configuration stays");
    return answer.end_object().take();
  }
  Result<void> done = worker.sandbox.state->remember_start(start);
  if (done) done = start_resolving(worker, start);
  if (!done) return control::render_error(done.error().message);
  answer.begin_object().member("ok", true);
  answer.member("nameservers",
                static_cast<uint64_t>(dns::parse_resolv_conf(start.resolv_conf).nameservers.size()));
  answer.member("hosts", static_cast<uint64_t>(dns::parse_hosts(start.hosts).size()));
  return answer.end_object().take();
}

// A container that joins: nemoclaw-hook has written its files to containers/<id>.
std::string operate_join(Worker& worker, const json::Value& request) {
  const std::string id = text_of(request, "container");
  const Result<void> joined = add_joined_container(worker.sandbox, id);
  if (!joined) return control::render_error(joined.error().message);
  const std::shared_ptr<enforce::Container> container = worker.context.find_container(id);
  remember_first_uses(*worker.sandbox.state, *container);
  const Result<void> noted =
      note_missing_protections(worker.sandbox, worker.sandbox.directory + "/containers/" + id, container->subject);
  if (!noted && worker.context.audit_fail_closed)
    return control::render_error("container " + quoted(id, 80) + " joined unseen: " + noted.error().message);
  return R"({"ok":true})";
}

std::string operate_leave(Worker& worker, const json::Value& request) {
  const std::string id = text_of(request, "container");
  if (id == worker.context.main()->subject.container)
    return control::render_error("the sandbox was made for container " + quoted(id));
  worker.context.identifier.remove_group(id);
  worker.context.remove_container(id);
  return R"({"ok":true})";
}

std::string operate_status(const Sandbox& sandbox) {
  const enforce::Context& context = *sandbox.context;
  json::Writer answer;
  answer.begin_object()
      .member("ok", true)
      .member("sandbox", sandbox.record.id)
      .member("pid", static_cast<int64_t>(getpid()))
      .member("policy", context.main()->subject.policy_name)
      .member("policy_digest", context.main()->subject.policy_digest)
      .member("generation", context.main()->subject.generation)
      .member("revision", context.main()->revision)
      .member("started", context.resolver != nullptr)
      .member("identity", context.identifier.uses_connects() ? "connect hook" : "search")
      .member("identified_by_record", context.identifier.ways().record)
      .member("identified_by_search", context.identifier.ways().search)
      .member("upstream_proxy", context.upstream_proxy ? context.upstream_proxy->host + ":" + std::to_string(context.upstream_proxy->port) : "")
      .member("connections", context.counters.connections)
      .member("allowed", context.counters.allowed)
      .member("denied", context.counters.denied)
      .member("audit_sequence", context.log.sequence())
      .member("audit_failures", context.counters.audit_failures)
      .member("restarts", sandbox.restarts)
      .member("version", NEMOCLAW_VERSION)
      .member("trusted_binaries", static_cast<uint64_t>(context.main()->trust.size()));
  answer.key("containers").begin_array();
  for (const std::shared_ptr<enforce::Container>& each : context.containers)
    answer.begin_object()
        .member("id", each->subject.container)
        .member("policy", each->subject.policy_name)
        .member("policy_digest", each->subject.policy_digest)
        .end_object();
  answer.end_array().end_object();
  return answer.take();
}

std::string operate_metrics(const Sandbox& sandbox) {
  json::Writer answer;
  answer.begin_object().member("ok", true).member("text", render_metrics(sandbox)).end_object();
  return answer.take();
}

}  // namespace

Result<void> start_resolving(Worker& worker, const StartInput& start) {
  const std::shared_ptr<enforce::Container> joined = worker.context.find_container(start.container);
  (joined ? joined->resolver : worker.context.resolver) = TRY(make_resolver(
      worker.sandbox, worker.loop.get_executor(), start.resolv_conf, dns::parse_hosts(start.hosts)));
  return {};
}

control::Handler make_operations(Worker& worker) {
  return [&worker](const std::string& operation, const json::Value& request) {
    if (operation == "start") return operate_start(worker, request);
    if (operation == "join") return operate_join(worker, request);
    if (operation == "leave") return operate_leave(worker, request);
    if (operation == "status") return operate_status(worker.sandbox);
    if (operation == "metrics") return operate_metrics(worker.sandbox);
    if (operation == "policy_set") return operate_policy_set(worker, request);
    if (operation == "stop" || operation == "upgrade") {
      (operation == "stop" ? worker.stop : worker.upgrade)();
      return std::string(R"({"ok":true})");
    }
    return control::render_error("unknown operation " + quoted(operation, 40) +
                                 "; known: policy_set, start, join, leave, status, metrics, stop, upgrade");
  };
}

control::Pages make_pages(Worker& worker) {
  return [&worker](std::string_view path) {
    return path == "/metrics" ? std::optional(render_metrics(worker.sandbox)) : std::nullopt;
  };
}

}  // namespace nemoclaw::serve
