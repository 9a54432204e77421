// What the two sessions say about their streams, and what that is to the other one.
#include <utility>

#include "proxy/http/mask_response.h"
#include "proxy/serve/calls.h"

namespace nemoclaw::serve {

namespace {
constexpr int kInterimAnswersMax = 8;
constexpr uint32_t kHttp11Required = 13;
}  // namespace

void Calls::ClientEvents::on_request(int32_t stream, http::Request request, bool ends) {
  auto call = std::make_unique<Call>();
  call->client = stream;
  call->request = std::move(request);
  call->client_ended = ends;
  calls.begin(*(calls.calls_[stream] = std::move(call)));
}

void Calls::ClientEvents::on_oversized_head(int32_t stream) {
  auto call = std::make_unique<Call>();
  call->client = stream;
  calls.refuse(*(calls.calls_[stream] = std::move(call)),
               {431, "invalid_request", "the request's head is too large"});
}

void Calls::ClientEvents::on_malformed(int32_t stream, const std::string& reason) {
  Call* call = calls.of_client(stream);
  calls.enforcer_.refuse_request(calls.connection_, call ? call->request : http::Request{},
                                 {400, "invalid_request", "HTTP/2: " + reason});
  if (!call) return;
  calls.leave_origin(*call);
  call->is_answered = true;
}

void Calls::ClientEvents::on_data(int32_t stream, std::string_view data) {
  Call* call = calls.of_client(stream);
  if (call && call->is_collecting) return calls.collect(*call, data);
  if (call && call->origin >= 0) return calls.pass_body(*call, data);
  calls.client_.consume(stream, data.size());
}

void Calls::ClientEvents::on_end(int32_t stream, http2::Block trailers) {
  Call* call = calls.of_client(stream);
  if (!call) return;
  call->client_ended = true;
  if (call->is_collecting) {
    call->trailers = std::move(trailers);
    calls.judge(*call);
  } else if (call->origin >= 0) {
    calls.origin_.finish(call->origin, trailers);
  }
}

void Calls::ClientEvents::on_close(int32_t stream, uint32_t) {
  Call* call = calls.of_client(stream);
  if (!call) return;
  calls.leave_origin(*call);
  if (call->is_collecting) {
    --calls.collecting_;
    calls.collected_bytes_ -= call->body.size();
    calls.context_.body_memory.give_back(call->held_bytes);
  }
  calls.calls_.erase(stream);
}

// The origin is given the next bytes when the client took these.
void Calls::ClientEvents::on_written(int32_t stream, size_t bytes) {
  calls.bytes_.in += bytes;
  const Call* call = calls.of_client(stream);
  if (call && call->origin >= 0) calls.origin_.consume(call->origin, bytes);
}

void Calls::OriginEvents::on_response(int32_t stream, http::Response response, bool ends) {
  Call* call = calls.of_origin(stream);
  if (!call) return;
  const auto& mask = call->permit->mask();
  if (mask) response = http::masked(*mask, std::move(response));
  if (response.status < 200) {
    if (++call->interim_answers > kInterimAnswersMax)
      return calls.lose_answer(*call, "the origin sent too many interim answers");
    return calls.client_.answer(call->client, http2::write_response(response), false);
  }
  if (mask && !ends && http::has_content_coding(response))
    return calls.lose_answer(*call, http::kCodedAnswer);
  if (mask) call->masker.emplace(mask);
  call->answer_started = true;
  call->is_answered = ends;
  calls.client_.answer(call->client, http2::write_response(response), ends);
}

void Calls::OriginEvents::on_oversized_head(int32_t stream) {
  if (Call* call = calls.of_origin(stream))
    calls.lose_answer(*call, "the head of the origin's answer is too large");
}

void Calls::OriginEvents::on_malformed(int32_t stream, const std::string& reason) {
  Call* call = calls.of_origin(stream);
  if (!call) return;
  const auto& mask = call->permit->mask();  // the reason may quote what came
  calls.lose_answer(*call, "the origin's answer is malformed: " + (mask ? mask->mask(reason) : reason));
}

void Calls::OriginEvents::on_data(int32_t stream, std::string_view data) {
  Call* call = calls.of_origin(stream);
  if (!call || call->is_answered) return calls.origin_.consume(stream, data.size());
  if (!call->masker) return calls.client_.write_data(call->client, data);
  // What waits for its end is consumed when it goes on.
  std::string ready;
  call->masker->feed(data, ready);
  if (!ready.empty()) calls.client_.write_data(call->client, ready);
}

void Calls::OriginEvents::on_end(int32_t stream, http2::Block trailers) {
  Call* call = calls.of_origin(stream);
  if (!call || std::exchange(call->is_answered, true)) return;
  if (call->masker) {
    std::string rest;
    call->masker->finish(rest);
    if (!rest.empty()) calls.client_.write_data(call->client, rest);
    http::mask_fields(*call->permit->mask(), trailers);
  }
  calls.client_.finish(call->client, trailers);
}

void Calls::OriginEvents::on_close(int32_t stream, uint32_t code) {
  Call* call = calls.of_origin(stream);
  if (!call) return;
  calls.by_origin_.erase(stream);
  call->origin = -1;
  if (call->is_answered) {
    // The origin has said all, and wants no more of the request.
    if (!call->client_ended) calls.client_.discard_rest(call->client);
    return;
  }
  // A request that was not processed may be sent again, and one that needs HTTP/1.1 over another connection.
  if (!call->answer_started && (code == http2::kRefusedStream || code == kHttp11Required)) {
    call->is_answered = true;
    return calls.client_.reset(call->client, code);
  }
  calls.lose_answer(*call, "the origin ended the stream with the HTTP/2 error " + std::to_string(code));
}

void Calls::OriginEvents::on_written(int32_t stream, size_t bytes) {
  const Call* call = calls.of_origin(stream);
  if (!call) return;
  calls.count_sent(*call, bytes);
  calls.client_.consume(call->client, bytes);
}

}  // namespace nemoclaw::serve
