#include "proxy/enforce/caller.h"

#include <cstring>
#include <ctime>

namespace nemoclaw::enforce {

namespace {

constexpr size_t kHashStepBytes = size_t{4} << 20;

// `waited`: set if other things have happened meanwhile.
net::Task<Result<std::string>> digest_of(Context& context, const peer::Executable& executable, bool& waited) {
  if (std::optional<std::string> known = context.hashes.find(executable.key)) co_return std::move(*known);
  waited = true;
  Result<peer::HashJob> job = peer::HashJob::create(executable.file);
  if (!job) co_return std::move(job).error();
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    Result<std::optional<std::string>> digest = job->step(kHashStepBytes);
    if (!digest) co_return std::move(digest).error();
    if (*digest) {
      // Only if the file did not change under the hand: the key was taken before the first byte was read.
      struct stat status;
      if (fstat(executable.file.raw(), &status) != 0 || peer::file_key(status) != executable.key)
        co_return make_error("the executable " + quoted(executable.path) + " changed while it was hashed");
      timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      context.hashes.store(executable.key, **digest, int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
      co_return std::move(**digest);
    }
    co_await asio::post(executor, asio::use_awaitable);
  }
}

// An ancestor may grant what the policy allows it, so its content must be trusted as well. One that is not
// keeps its place in the list, under a name that no rule can match.
net::Task<void> add_ancestor(Context& context, const peer::Ancestor& ancestor, IdentifiedCaller& who,
                             bool& waited) {
  std::string shown = ancestor.path, digest;
  if (ancestor.executable) {
    Result<std::string> hashed = co_await digest_of(context, *ancestor.executable, waited);
    const Result<void> trusted =
        hashed ? who.container->trust.check(ancestor.path, *hashed) : std::move(hashed).error();
    if (trusted)
      digest = std::move(*hashed);
    else
      shown = "(untrusted) " + ancestor.path;
  }
  who.caller.ancestors.push_back(shown);
  who.caller.ancestor_sha256.push_back(digest);
  who.actor.ancestors.push_back(std::move(shown));
}

net::Task<Result<void>> hash_and_trust(Context& context, const peer::Located& located,
                                       IdentifiedCaller& who, bool& waited) {
  Result<std::string> digest = co_await digest_of(context, *located.executable, waited);
  if (!digest) co_return std::move(digest).error();
  who.actor.sha256 = who.caller.binary_sha256 = *digest;
  // Ancestors first, so that the audit has them even if the caller is refused.
  for (const peer::Ancestor& ancestor : located.ancestors) co_await add_ancestor(context, ancestor, who, waited);
  Result<void> trusted = who.container->trust.check(located.executable->path, *digest);
  if (!trusted) who.caller.identity_code = "binary_integrity";
  co_return trusted;
}

}  // namespace

net::Task<IdentifiedCaller> identify_caller(Context& context, peer::SocketTuple tuple) {
  IdentifiedCaller who;
  peer::Failure failure;
  const metrics::Timing timing(context.meters.identity);
  Result<peer::Located> located = context.identifier.locate(tuple, failure);
  who.container = context.container(located ? located->group : failure.group);
  if (failure.uid_known) who.actor.uid = failure.uid;
  who.actor.pid = failure.pid;
  who.actor.binary = who.caller.binary = failure.binary;
  if (!located) {
    who.caller.identity_error = located.error().message;
    who.caller.identity_code = failure.code;
    context.meters.count_identity_failure(failure.code);
    co_return who;
  }
  bool waited = false;
  Result<void> trusted = co_await hash_and_trust(context, *located, who, waited);
  if (trusted)
    trusted = waited ? context.identifier.confirm(tuple, *located)
                     : context.identifier.confirm_owners(tuple, *located);
  if (!trusted) {
    who.caller.identity_error = trusted.error().message;
    context.meters.count_identity_failure(who.caller.identity_code.empty() ? "policy_denied"
                                                                           : who.caller.identity_code);
  }
  // `script` stays empty: what the kernel's shebang started can be read only from the process's own memory
  // (AT_EXECFN, the command line), which the process can rewrite.
  co_return who;
}

net::Task<IdentifiedCaller> identify_any(Context& context, std::vector<peer::SocketTuple> tuples) {
  IdentifiedCaller who;
  for (const peer::SocketTuple& tuple : tuples) {
    who = co_await identify_caller(context, tuple);
    if (who.actor.pid > 0) break;
  }
  co_return who;
}

peer::SocketTuple client_tuple(const net::tcp::endpoint& client, const net::tcp::endpoint& destination) {
  peer::SocketTuple tuple;
  memcpy(&tuple.local, client.data(), client.size());
  memcpy(&tuple.remote, destination.data(), destination.size());
  return tuple;
}

}  // namespace nemoclaw::enforce
