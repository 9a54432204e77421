#include "proxy/http2/session.h"

#include <algorithm>
#include <utility>

#include "proxy/http2/inside.h"

namespace nemoclaw::http2 {

// No request is an event of a client, and no response one of a server.
void Events::on_request(int32_t, http::Request, bool) {}
void Events::on_response(int32_t, http::Response, bool) {}

std::vector<nghttp2_nv> to_pairs(const Block& block) {
  std::vector<nghttp2_nv> pairs;
  pairs.reserve(block.size());
  for (const http::Field& field : block) {
    // nghttp2 copies both, and writes to neither.
    nghttp2_nv pair{};
    pair.name = reinterpret_cast<uint8_t*>(const_cast<char*>(field.name.data()));
    pair.value = reinterpret_cast<uint8_t*>(const_cast<char*>(field.value.data()));
    pair.namelen = field.name.size();
    pair.valuelen = field.value.size();
    // A secret in the table that both ends keep could be guessed from the size of later requests.
    if (field.name == "authorization") pair.flags = NGHTTP2_NV_FLAG_NO_INDEX;
    pairs.push_back(pair);
  }
  return pairs;
}

Session::Session(Role role, Events& events) : inside_(std::make_unique<Inside>(role, events)) {}
Session::~Session() = default;

bool Session::receive(std::string_view bytes, FloodGuard::Time now) {
  if (inside_->is_broken) return false;
  inside_->now = now;
  nghttp2_session* session = inside_->session.get();
  const ssize_t taken =
      nghttp2_session_mem_recv(session, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) {
    if (inside_->error.empty()) inside_->error = nghttp2_strerror(static_cast<int>(taken));
    nghttp2_session_terminate_session(session,
                                      taken == NGHTTP2_ERR_FLOODED ? kEnhanceYourCalm : kProtocolError);
  } else if (inside_->is_pushed) {
    inside_->error = "a push, which was not allowed";
    nghttp2_session_terminate_session(session, kProtocolError);
  } else if (inside_->is_flooded) {
    inside_->error = "too many frames or streams that do nothing";
    nghttp2_session_terminate_session(session, kEnhanceYourCalm);
  }
  inside_->is_broken =
      taken < 0 || inside_->is_flooded || inside_->is_pushed || nghttp2_session_want_read(session) == 0;
  return !inside_->is_broken;
}

void Session::send(std::string& out, size_t bytes_max) {
  while (out.size() < bytes_max) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(inside_->session.get(), &bytes);
    if (size <= 0) {
      if (size < 0) inside_->is_broken = true;
      return;
    }
    out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
}

bool Session::wants_to_send() const { return nghttp2_session_want_write(inside_->session.get()) != 0; }

bool Session::is_over() const {
  return !wants_to_send() && (inside_->is_broken || nghttp2_session_want_read(inside_->session.get()) == 0);
}

bool Session::is_reading_head() const { return inside_->in_head; }
const std::string& Session::error() const { return inside_->error; }

bool Session::takes_requests() const {
  return !inside_->is_broken && nghttp2_session_check_request_allowed(inside_->session.get()) != 0;
}

int32_t Session::open(const Block& request, bool ends) {
  if (!takes_requests()) return -1;
  const std::vector<nghttp2_nv> pairs = to_pairs(request);
  const nghttp2_data_provider provider = inside_->provider();
  const int32_t id = nghttp2_submit_request(inside_->session.get(), nullptr, pairs.data(), pairs.size(),
                                            ends ? nullptr : &provider, nullptr);
  if (id < 0) return -1;
  inside_->add(id).is_finished = ends;
  return id;
}

void Session::answer(int32_t id, const Block& head, bool ends) {
  Stream* stream = inside_->find(id);
  if (!stream) return;
  const std::vector<nghttp2_nv> pairs = to_pairs(head);
  const bool is_interim = !head.empty() && head[0].value.starts_with('1');
  if (is_interim) {
    nghttp2_submit_headers(inside_->session.get(), NGHTTP2_FLAG_NONE, id, nullptr, pairs.data(), pairs.size(),
                           nullptr);
    return;
  }
  const nghttp2_data_provider provider = inside_->provider();
  stream->is_finished = ends;
  nghttp2_submit_response(inside_->session.get(), id, pairs.data(), pairs.size(), ends ? nullptr : &provider);
}

void Session::write_data(int32_t id, std::string_view data) {
  Stream* stream = inside_->find(id);
  if (!stream || stream->is_finished || data.empty()) return;
  stream->outbox.append(data);
  if (std::exchange(stream->is_deferred, false)) nghttp2_session_resume_data(inside_->session.get(), id);
}

void Session::finish(int32_t id, const Block& trailers) {
  Stream* stream = inside_->find(id);
  if (!stream || std::exchange(stream->is_finished, true)) return;
  stream->trailers = trailers;
  if (std::exchange(stream->is_deferred, false)) nghttp2_session_resume_data(inside_->session.get(), id);
}

void Session::discard_rest(int32_t id) {
  Stream* stream = inside_->find(id);
  if (!stream) return;
  stream->is_reported = true;
  consume(id, stream->held);
}

void Session::reset(int32_t id, uint32_t code) {
  Stream* stream = inside_->find(id);
  if (!stream) return;
  stream->is_reported = true;
  nghttp2_submit_rst_stream(inside_->session.get(), NGHTTP2_FLAG_NONE, id, code);
}

void Session::consume(int32_t id, size_t bytes) {
  Stream* stream = inside_->find(id);
  if (!stream) return;
  bytes = std::min(bytes, stream->held);
  stream->held -= bytes;
  inside_->give_back(inside_->credit.release(bytes));
  nghttp2_session_consume_stream(inside_->session.get(), id, bytes);
}

size_t Session::unsent(int32_t id) const {
  const Stream* stream = inside_->find(id);
  return stream ? stream->outbox.size() - stream->outbox_at : 0;
}

void Session::shut_down(uint32_t code) {
  if (code != kNoError) {
    nghttp2_session_terminate_session(inside_->session.get(), code);
    return;
  }
  nghttp2_submit_goaway(inside_->session.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(inside_->session.get()), kNoError, nullptr,
                        0);
}

}  // namespace nemoclaw::http2
