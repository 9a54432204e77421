// What the frames mean: blocks become messages, data is counted, and what is wrong ends its stream.
#include <algorithm>
#include <utility>

#include "proxy/http2/inside.h"

namespace nemoclaw::http2 {

namespace {

constexpr size_t kFieldsMaxOfRequest = 100, kFieldsMaxOfAnswer = 200;  // as in HTTP/1
constexpr size_t kOutboxBytesKept = 32 << 10;
constexpr size_t kDiscardedMax = 256 << 10;

}  // namespace

Stream& Session::Inside::add(int32_t id) {
  Stream& stream = streams[id];
  stream.id = id;
  return stream;
}

void Session::Inside::begin_block(const nghttp2_frame& frame) {
  if (is_pushed) return;
  in_head = true;
  Stream* stream = find(frame.hd.stream_id);
  if (!stream && role == Role::Server) stream = &add(frame.hd.stream_id);
  if (!stream) return;
  stream->block.clear();
  stream->block_bytes = 0;
}

void Session::Inside::take_field(Stream& stream, std::string_view name, std::string_view value) {
  if (is_pushed) return;
  stream.block_bytes += name.size() + value.size() + 32;
  const size_t fields_max = role == Role::Server ? kFieldsMaxOfRequest : kFieldsMaxOfAnswer;
  if (stream.block_bytes > kHeadBytesMax || stream.block.size() >= fields_max) stream.is_oversized = true;
  if (stream.is_oversized)
    stream.block.clear();  // what follows is still decoded, because the tables must stay the peer's
  else
    stream.block.push_back({std::string(name), std::string(value)});
}

void Session::Inside::take_frame(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_HEADERS) in_head = false;
  Stream* stream = find(frame.hd.stream_id);
  if (!stream) return;
  // Only a client opens streams, to throw them away.
  if (frame.hd.type == NGHTTP2_RST_STREAM && role == Role::Server && !guard.lose_stream(now))
    is_flooded = true;
  const bool can_end = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  const bool ends = can_end && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  stream->has_ended = stream->has_ended || ends;
  if (frame.hd.type == NGHTTP2_HEADERS)
    end_block(*stream, ends);
  else if (frame.hd.type == NGHTTP2_DATA && ends && !stream->is_reported)
    take_end(*stream, {});
}

void Session::Inside::end_block(Stream& stream, bool ends) {
  if (stream.is_reported) return;
  if (stream.is_oversized && !stream.has_head) {
    stream.is_reported = true;
    return events.on_oversized_head(stream.id);
  }
  if (stream.is_oversized) stream.problem = "a trailer that is too large";
  if (!stream.problem.empty()) return report_malformed(stream, stream.problem);
  if (!stream.has_head) return report_message(stream, ends);
  Result<Block> trailers = read_trailers(std::exchange(stream.block, {}));
  if (!trailers) return report_malformed(stream, trailers.error().message);
  take_end(stream, std::move(*trailers));
}

void Session::Inside::report_message(Stream& stream, bool ends) {
  if (role == Role::Server) {
    Result<http::Request> request = read_request(std::exchange(stream.block, {}), ends);
    if (!request) return report_malformed(stream, request.error().message);
    stream.has_head = true;
    guard.note_work();
    return events.on_request(stream.id, std::move(*request), ends);
  }
  Result<http::Response> response = read_response(std::exchange(stream.block, {}));
  if (!response) return report_malformed(stream, response.error().message);
  stream.has_head = response->status >= 200;
  guard.note_work();
  events.on_response(stream.id, std::move(*response), ends);
}

void Session::Inside::report_malformed(Stream& stream, const std::string& reason) {
  if (std::exchange(stream.is_reported, true)) return;
  // Streams that we must reset cost as much as those that the peer resets.
  if (!guard.lose_stream(now)) is_flooded = true;
  const int32_t id = stream.id;
  events.on_malformed(id, reason);
  nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, id, kProtocolError);
}

void Session::Inside::take_data(int32_t id, std::string_view data) {
  if (!data.empty()) guard.note_work();
  give_back(credit.hold(data.size()));
  Stream* stream = find(id);
  if (!stream) return give_back(credit.release(data.size()));
  stream->held += data.size();
  if (stream->is_reported)
    discard(*stream, data.size());
  else
    events.on_data(id, data);
}

void Session::Inside::discard(Stream& stream, size_t bytes) {
  stream.held -= bytes;
  give_back(credit.release(bytes));
  nghttp2_session_consume_stream(session.get(), stream.id, bytes);
  stream.discarded += bytes;
  if (stream.is_sent) stop_sender(stream);
}

// Once our answer is out: before it, the reset would take its place.
void Session::Inside::stop_sender(const Stream& stream) {
  if (stream.discarded > kDiscardedMax && !stream.has_ended)
    nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream.id, kNoError);
}

void Session::Inside::take_end(Stream& stream, Block trailers) {
  events.on_end(stream.id, std::move(trailers));
}

void Session::Inside::close(int32_t id, uint32_t code) {
  const auto at = streams.find(id);
  if (at == streams.end()) return;
  give_back(credit.release(at->second.held));
  streams.erase(at);
  events.on_close(id, code);
}

// What goes into the next DATA frame.
ssize_t Session::Inside::fill(Stream& stream, uint8_t* buffer, size_t length, uint32_t& flags) {
  const size_t size = std::min(length, stream.outbox.size() - stream.outbox_at);
  std::copy_n(stream.outbox.data() + stream.outbox_at, size, buffer);
  stream.outbox_at += size;
  const bool is_empty = stream.outbox_at == stream.outbox.size();
  if (is_empty) {
    stream.outbox_at = 0;
    if (stream.outbox.capacity() > kOutboxBytesKept)
      stream.outbox = {};
    else
      stream.outbox.clear();
  }
  if (is_empty && stream.is_finished) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.trailers.empty()) {
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const std::vector<nghttp2_nv> pairs = to_pairs(stream.trailers);
      nghttp2_submit_trailer(session.get(), stream.id, pairs.data(), pairs.size());
    }
  } else if (size == 0) {
    stream.is_deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (size > 0) {
    guard.note_work();
    events.on_written(stream.id, size);
  }
  return static_cast<ssize_t>(size);
}

void Session::Inside::after_send(const nghttp2_frame& frame) {
  const bool is_message = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (!is_message || !(frame.hd.flags & NGHTTP2_FLAG_END_STREAM)) return;
  Stream* stream = find(frame.hd.stream_id);
  if (!stream) return;
  stream->is_sent = true;
  stop_sender(*stream);
}

}  // namespace nemoclaw::http2
