#include "proxy/serve/calls.h"

#include <utility>

#include "proxy/http2/denial.h"

namespace nemoclaw::serve {

namespace {

constexpr auto kCollectTime = std::chrono::seconds(30);
constexpr uint64_t kBodyBytesMax = 1 << 20;     // of a body that is judged, unless the policy says otherwise
constexpr size_t kCollectedBytesMax = 8 << 20;  // of all of a connection's at one time
constexpr uint16_t kPort = 443;                 // HTTP/2 is inspected over TLS alone

size_t size_of(const http2::Block& block) {
  size_t size = 0;
  for (const http::Field& field : block) size += field.name.size() + field.value.size();
  return size;
}

bool is_awaited(const Call& call) { return !call.client_ended || http2::is_grpc(call.request); }

}  // namespace

Calls::Calls(enforce::Context& context, enforce::Connection& connection, net::RelayBytes& bytes)
    : context_(context), connection_(connection), enforcer_(context), bytes_(bytes) {}

Calls::~Calls() {
  for (const auto& [stream, call] : calls_) context_.body_memory.give_back(call->held_bytes);
}

Call* Calls::of_client(int32_t stream) {
  const auto at = calls_.find(stream);
  return at == calls_.end() ? nullptr : at->second.get();
}

Call* Calls::of_origin(int32_t stream) {
  const auto at = by_origin_.find(stream);
  return at == by_origin_.end() ? nullptr : at->second;
}

// A request whose head has come: how it is judged.
void Calls::begin(Call& call) {
  if (!failure_.empty()) {
    refuse(call, {http::status_for_code(failure_code_), failure_code_, failure_});
    return watch_origin();
  }
  if (!origin_.takes_requests()) {  // not processed: the client may send it again, over another connection
    client_.reset(call.client, http2::kRefusedStream);
    return watch_origin();
  }
  const std::optional<policy::L7Plan> plan = enforcer_.plan_request(connection_, call.request);
  const bool needs_body = !call.client_ended && enforcer_.wants_body(connection_, plan);
  if (!needs_body) return judge(call);
  call.is_collecting = true;
  ++collecting_;
  call.body_bytes_max = (plan ? plan->limits.body_bytes_max : std::nullopt).value_or(kBodyBytesMax);
  call.collect_until = std::chrono::steady_clock::now() + kCollectTime;
  if (std::exchange(call.request.expect_continue, false))
    client_.answer(call.client, {{":status", "100"}}, false);
}

void Calls::collect(Call& call, std::string_view data) {
  call.body.append(data);
  const bool has_room = context_.body_memory.take(data.size());
  if (has_room) call.held_bytes += data.size();
  collected_bytes_ += data.size();
  client_.consume(call.client, data.size());
  if (call.body.size() > call.body_bytes_max)
    return refuse(call,
                  {413, "invalid_request",
                   "the bodies of requests to this endpoint are read whole, and this one is longer than " +
                       std::to_string(call.body_bytes_max) + " bytes"});
  if (!has_room) return refuse(call, {429, "rate_limited", enforce::BodyMemory::kFull});
  if (collected_bytes_ > kCollectedBytesMax)
    refuse(call, {413, "invalid_request", "too many requests at once whose bodies are read whole"});
}

void Calls::judge(Call& call) {
  if (call.is_collecting) call.request.framing = http::Framing{http::BodyKind::Length, call.body.size()};
  auto decided = enforcer_.decide_request(connection_, call.request, call.body);
  if (const auto* refused = std::get_if<enforce::Refused>(&decided)) return deny(call, refused->denial);
  forward(call, std::move(std::get<enforce::RequestPermit>(decided)));
}

void Calls::forward(Call& call, enforce::RequestPermit permit) {
  const bool was_collected = std::exchange(call.is_collecting, false);
  if (was_collected) {
    --collecting_;
    collected_bytes_ -= call.body.size();
    context_.body_memory.give_back(std::exchange(call.held_bytes, 0));
  }
  call.permit.emplace(std::move(permit));
  if (call.permit->body()) call.body = *call.permit->body();
  const http2::Block head = http2::write_request(call.permit->request(), kPort);
  const bool ends = call.client_ended && call.body.empty() && call.trailers.empty();
  call.origin = origin_.open(head, ends);
  if (call.origin < 0) return lose_answer(call, "the origin takes no more requests");
  by_origin_[call.origin] = &call;
  count_sent(call, size_of(head));
  if (call.request.expect_continue) client_.answer(call.client, {{":status", "100"}}, false);
  if (was_collected) pass_body(call, std::exchange(call.body, {}));
  if (call.origin >= 0 && call.client_ended && !ends) origin_.finish(call.origin, call.trailers);
}

// At once and not at the end, which a client could keep from coming.
void Calls::count_sent(const Call& call, size_t bytes) {
  bytes_.out += bytes;
  if (!call.permit->quota_key().empty())
    context_.quota.add_bytes_out(call.permit->quota_key(), bytes, std::chrono::steady_clock::now());
}

void Calls::pass_body(Call& call, std::string_view data) {
  call.body_bytes += data.size();
  if (call.body_bytes > call.permit->body_bytes_max())
    return refuse(call,
                  {429, "rate_limited",
                   "the request's body is longer than the " + std::to_string(call.permit->body_bytes_max()) +
                       " bytes that the endpoint's limits leave"});
  origin_.write_data(call.origin, data);
}

void Calls::refuse(Call& call, const http::Refusal& refusal) {
  deny(call, enforcer_.refuse_request(connection_, call.request, refusal).denial);
}

void Calls::deny(Call& call, const http::Denial& denial) {
  leave_origin(call);
  if (std::exchange(call.is_collecting, false)) {
    --collecting_;
    collected_bytes_ -= call.body.size();
    context_.body_memory.give_back(std::exchange(call.held_bytes, 0));
    call.body = {};
  }
  if (std::exchange(call.is_answered, true)) return;
  if (call.answer_started) {
    // A gRPC client reads its status at the end; others must not take a part for the whole.
    if (http2::is_grpc(call.request))
      client_.finish(call.client, http2::grpc_status(denial));
    else
      return client_.reset(call.client, http2::kInternalError);
  } else {
    call.answer_started = true;
    const http2::Answer answer = http2::render_denial(denial, call.request);
    client_.answer(call.client, answer.head, answer.body.empty());
    client_.write_data(call.client, answer.body);
    client_.finish(call.client);
  }
  // The rest of a request that nobody wants need not come.
  if (!call.client_ended) client_.discard_rest(call.client);
}

void Calls::lose_answer(Call& call, const std::string& reason) {
  if (!call.is_answered) refuse(call, {502, "upstream_unreachable", reason});
}

void Calls::leave_origin(Call& call) {
  if (call.origin < 0) return;
  by_origin_.erase(call.origin);
  origin_.reset(std::exchange(call.origin, -1), http2::kCancel);
}

void Calls::lose_origin(std::string code, std::string reason) {
  failure_code_ = std::move(code);
  failure_ = std::move(reason);
  std::vector<Call*> open;
  for (const auto& [stream, call] : calls_) open.push_back(call.get());
  for (Call* call : open) lose_answer(*call, failure_);
}

void Calls::watch_origin() {
  if (failure_.empty() && origin_.takes_requests()) return;
  if (!std::exchange(client_is_told_, true)) client_.shut_down(http2::kNoError);
}

void Calls::drop_late(Time now) {
  if (collecting_ == 0) return;
  std::vector<Call*> late;
  for (const auto& [stream, call] : calls_)
    if (call->is_collecting && call->collect_until <= now) late.push_back(call.get());
  for (Call* call : late) refuse(*call, {408, "invalid_request", "the request's body did not come in time"});
}

size_t Calls::revoke(const policy::Engine& engine, bool dry_run) {
  std::vector<std::pair<Call*, std::string>> found;
  for (const auto& [stream, call] : calls_) {
    if (call->origin < 0 || call->is_answered || !is_awaited(*call)) continue;
    std::string reason = enforcer_.why_not_request(connection_, engine, call->permit->judged());
    if (!reason.empty()) found.emplace_back(call.get(), std::move(reason));
  }
  if (!dry_run)
    for (const auto& [call, reason] : found)
      refuse(*call, {403, "policy_denied",
                     "ended, because the policy that is in force now does not allow it: " + reason});
  return found.size();
}

}  // namespace nemoclaw::serve
