#include "proxy/serve/reload.h"

#include "policy/model/ceiling.h"
#include "policy/parse/static_sections.h"
#include "proxy/control/server.h"
#include "proxy/enforce/live.h"
#include "proxy/serve/container_setup.h"
#include "runtime/base/log.h"

namespace nemoclaw::serve {

namespace {

struct Wanted {
  std::string text, name, author, reason, container;
  uint64_t revision = 0;
  std::vector<policy::BinaryAlias> aliases;
  bool dry_run = false;
};

Result<std::string> text_member(const json::Value& request, std::string_view name, bool needed) {
  const json::Value* member = request.find(name);
  if (!member && !needed) return std::string();
  if (!member || !member->is_string()) return make_error(std::string(name) + ": expected a string");
  return member->string;
}

Result<Wanted> read_request(const json::Value& request) {
  Wanted wanted;
  wanted.text = TRY(text_member(request, "text", true));
  wanted.name = TRY(text_member(request, "name", true));
  wanted.author = TRY(text_member(request, "author", false));
  wanted.reason = TRY(text_member(request, "reason", false));
  wanted.container = TRY(text_member(request, "container", false));
  const json::Value* revision = request.find("revision");
  if (!revision || revision->type != json::Type::Integer || revision->negative || revision->magnitude < 2)
    return make_error("revision: expected a number above 1");
  wanted.revision = revision->magnitude;
  wanted.aliases = read_aliases(request);
  const json::Value* dry_run = request.find("dry_run");
  wanted.dry_run = dry_run && dry_run->boolean;
  return wanted;
}

Result<std::shared_ptr<enforce::Container>> find_container(const enforce::Context& context,
                                                           const std::string& id) {
  if (id.empty()) return context.main();
  for (const std::shared_ptr<enforce::Container>& each : context.containers)
    if (each->subject.container == id) return each;
  return make_error("no container " + quoted(id, 80) + " in this sandbox");
}

// Where a name led when the container was made counts; what is new is where the operator's program saw it
// lead.
std::vector<policy::BinaryAlias> join_aliases(const std::vector<policy::BinaryAlias>& known,
                                              const std::vector<policy::BinaryAlias>& added) {
  std::vector<policy::BinaryAlias> joined = known;
  for (const policy::BinaryAlias& alias : added) {
    const auto same = [&](const policy::BinaryAlias& each) { return each.named == alias.named; };
    if (std::none_of(known.begin(), known.end(), same)) joined.push_back(alias);
  }
  return joined;
}

struct Prepared {
  policy::Policy policy;
  std::vector<policy::BinaryAlias> aliases;
  std::shared_ptr<const policy::Engine> engine;
};

Result<Prepared> prepare(const Wanted& wanted, const enforce::Container& container) {
  Prepared prepared;
  const std::string file = wanted.name + ".yaml";
  prepared.policy = TRY(parse_policy_text(wanted.text, file));
  const policy::Policy before = TRY(parse_policy_text(container.policy_text, "policy.yaml"));
  const auto changes = policy::changed_static_sections(before, prepared.policy, wanted.text);
  if (!changes.empty())
    return make_error(
        file + " changes what is decided when a container is made: " + policy::render_changes(changes) +
        "; leave these as they are, or create the container anew with this policy");
  prepared.aliases = join_aliases(container.aliases, wanted.aliases);
  if (container.ceiling)
    prepared.policy = policy::intersect(std::move(prepared.policy), container.ceiling->policy);
  prepared.engine = TRY(policy::Engine::compile(prepared.policy, prepared.aliases));
  return prepared;
}

Result<void> put_in_force(Worker& worker, const Wanted& wanted, enforce::Container& container,
                          Prepared prepared) {
  Remembered::Policy memory;
  memory.container = container.subject.container;
  memory.revision = wanted.revision;
  memory.generation = container.subject.generation + 1;
  memory.aliases = prepared.aliases;
  audit::Notice notice;
  notice.class_uid = audit::Notice::Class::Configuration;
  notice.severity = 1;
  notice.title = "policy changed";
  notice.message = "another policy is in force";
  notice.details = {{"author", wanted.author},
                    {"reason", wanted.reason},
                    {"revision", std::to_string(wanted.revision)},
                    {"previous_digest", container.subject.policy_digest}};
  audit::Subject subject = container.subject;
  subject.policy_name = wanted.name;
  subject.policy_digest = prepared.policy.digest;
  subject.generation = memory.generation;
  notice.subject = subject;
  const Result<void> written = worker.context.log.append(notice);
  if (!written && worker.context.audit_fail_closed)
    return make_error("a change that cannot be audited is not made: " + written.error().message);
  TRY(worker.sandbox.state->remember_policy(memory));
  container.engine = std::move(prepared.engine);
  container.aliases = std::move(prepared.aliases);
  container.policy_text = wanted.text;
  container.revision = wanted.revision;
  container.subject = std::move(subject);
  if (&container == worker.context.main().get()) worker.context.log.set_subject(container.subject);
  return {};
}

std::string render_refusal(Worker& worker, const Wanted& wanted, const std::string& message) {
  if (!wanted.dry_run) {
    audit::Notice notice;
    notice.class_uid = audit::Notice::Class::Configuration;
    notice.title = "policy refused";
    notice.message = message;
    notice.details = {{"author", wanted.author}, {"reason", wanted.reason}};
    if (const Result<void> written = worker.context.log.append(notice); !written)
      log::error("policy refused: " + written.error().message);
  }
  return control::render_error(message);
}

}  // namespace

std::string operate_policy_set(Worker& worker, const json::Value& request) {
  const Result<Wanted> wanted = read_request(request);
  if (!wanted) return control::render_error("policy_set: " + wanted.error().message);
  if (worker.upgrade_asked)
    return control::render_error("policy_set: the proxy is being upgraded, try again in a moment");
  const Result<std::shared_ptr<enforce::Container>> container =
      find_container(worker.context, wanted->container);
  if (!container) return control::render_error(container.error().message);
  Result<Prepared> prepared = prepare(*wanted, **container);
  if (!prepared) return render_refusal(worker, *wanted, prepared.error().message);
  const std::string digest = prepared->policy.digest;
  const std::shared_ptr<const policy::Engine> engine = prepared->engine;
  if (!wanted->dry_run) {
    const Result<void> done = put_in_force(worker, *wanted, **container, std::move(*prepared));
    if (!done) return control::render_error(done.error().message);
    // They cannot be asked which of their connections it would still allow.
    if (worker.context.log.is_shared()) worker.end_older();
  }
  const size_t closed = enforce::revoke(worker.context, **container, *engine, wanted->dry_run);
  const audit::Subject& subject = (*container)->subject;
  json::Writer answer;
  answer.begin_object().member("ok", true).member("container", subject.container);
  answer.member("revision", wanted->revision).member("digest", digest);
  answer.member("generation", subject.generation + (wanted->dry_run ? 1 : 0));
  answer.member("closed", static_cast<uint64_t>(closed)).end_object();
  return answer.take();
}

}  // namespace nemoclaw::serve
