// What Session keeps to itself. Only for this room.
#pragma once

#include <nghttp2/nghttp2.h>

#include <map>

#include "proxy/http2/credit.h"
#include "proxy/http2/session.h"

namespace nemoclaw::http2 {

constexpr size_t kHeadBytesMax = 64 << 10;  // names, values and 32 for each, as section 6.5.2 counts

struct Sizes {
  uint32_t stream_window;
  int32_t connection_window;
  size_t held_max;  // the connection's window is kept shut while this much waits for the other side
};
struct Stream {
  int32_t id = 0;
  // The header block that is being read.
  Block block;
  size_t block_bytes = 0;
  std::string problem;
  bool is_oversized = false, is_reported = false;  // nothing more of it is reported but its close
  bool has_head = false, has_ended = false;        // of the peer's message; a final head
  size_t discarded = 0;                            // of a message that nobody wants
  size_t held = 0;                                 // of its data: not consumed
  // Our message.
  std::string outbox;
  size_t outbox_at = 0;
  bool is_finished = false, is_deferred = false, is_sent = false;
  Block trailers;
};

std::vector<nghttp2_nv> to_pairs(const Block& block);

template <auto Free>
struct Nghttp2Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

struct Session::Inside {
  Inside(Role role_of, Events& events_of);

  Stream* find(int32_t id) {
    const auto at = streams.find(id);
    return at == streams.end() ? nullptr : &at->second;
  }
  Stream& add(int32_t id);
  void begin_block(const nghttp2_frame& frame);
  void take_field(Stream& stream, std::string_view name, std::string_view value);
  void end_block(Stream& stream, bool ends);
  void report_message(Stream& stream, bool ends);
  void report_malformed(Stream& stream, const std::string& reason);
  void take_frame(const nghttp2_frame& frame);
  void take_data(int32_t id, std::string_view data);
  void take_end(Stream& stream, Block trailers);
  void close(int32_t id, uint32_t code);
  ssize_t fill(Stream& stream, uint8_t* buffer, size_t length, uint32_t& flags);
  void discard(Stream& stream, size_t bytes);
  void stop_sender(const Stream& stream);
  void after_send(const nghttp2_frame& frame);
  void give_back(size_t bytes) { nghttp2_session_consume_connection(session.get(), bytes); }
  void greet();
  nghttp2_data_provider provider();

  static void set_reading(nghttp2_session_callbacks* callbacks);
  static void set_writing(nghttp2_session_callbacks* callbacks);

  const Role role;
  Events& events;
  const Sizes& sizes;
  std::unique_ptr<nghttp2_session, Nghttp2Deleter<nghttp2_session_del>> session;
  std::map<int32_t, Stream> streams;
  Credit credit;
  FloodGuard guard;
  FloodGuard::Time now{};
  bool is_flooded = false, is_pushed = false, is_broken = false, in_head = false;
  std::string error;
};

}  // namespace nemoclaw::http2
