// nghttp2's side: its options, its callbacks, and what we say first.
#include <cstdlib>

#include "proxy/http2/inside.h"

namespace nemoclaw::http2 {

namespace {

constexpr uint32_t kStreamsMax = 100;
// The sandbox is near; to an origin, a window is what may be on its way in one round trip.
constexpr Sizes kToClient{256 << 10, 1 << 20, 2 << 20};
constexpr Sizes kToOrigin{1 << 20, 2 << 20, 4 << 20};

std::string_view view(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

using Inside = Session::Inside;
using CallbacksOwner =
    std::unique_ptr<nghttp2_session_callbacks, Nghttp2Deleter<nghttp2_session_callbacks_del>>;
using OptionOwner = std::unique_ptr<nghttp2_option, Nghttp2Deleter<nghttp2_option_del>>;

}  // namespace

Session::Inside::Inside(Role role_of, Events& events_of)
    : role(role_of),
      events(events_of),
      sizes(role_of == Role::Server ? kToClient : kToOrigin),
      credit(sizes.held_max) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  nghttp2_session* made = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0) std::abort();
  const CallbacksOwner callbacks_owner(callbacks);
  const OptionOwner option_owner(option);
  set_reading(callbacks);
  set_writing(callbacks);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_deflate_dynamic_table_size(option, 4096);
  nghttp2_option_set_peer_max_concurrent_streams(option, kStreamsMax);
  nghttp2_option_set_stream_reset_rate_limit(option, 100'000, 10'000);  // FloodGuard is stricter
  const int code = role == Role::Server ? nghttp2_session_server_new2(&made, callbacks, this, option)
                                        : nghttp2_session_client_new2(&made, callbacks, this, option);
  if (code != 0) std::abort();  // no memory, which ends the process everywhere
  session.reset(made);
  greet();
}

void Session::Inside::greet() {
  std::vector<nghttp2_settings_entry> settings{{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, sizes.stream_window},
                                               {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kHeadBytesMax}};
  if (role == Role::Server) {
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreamsMax});
    settings.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
  } else {
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(session.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session.get(), NGHTTP2_FLAG_NONE, 0, sizes.connection_window);
}

void Session::Inside::set_reading(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_begin_frame_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
        auto& inside = *static_cast<Inside*>(user);
        if (!inside.guard.take_frame(inside.now)) inside.is_flooded = true;
        // Nobody asks for what an origin pushes, and nobody would judge it.
        if (head->type == NGHTTP2_PUSH_PROMISE) inside.is_pushed = true;
        return 0;
      });
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        static_cast<Inside*>(user)->begin_block(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                    const uint8_t* value, size_t value_size, uint8_t, void* user) {
        auto& inside = *static_cast<Inside*>(user);
        if (Stream* stream = inside.find(frame->hd.stream_id))
          inside.take_field(*stream, view(name, name_size), view(value, value_size));
        return 0;
      });
  // nghttp2 would leave such a field out and go on.
  nghttp2_session_callbacks_set_on_invalid_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                    const uint8_t*, size_t, uint8_t, void* user) {
        if (Stream* stream = static_cast<Inside*>(user)->find(frame->hd.stream_id))
          stream->problem = "the field " + quoted(view(name, name_size), 40) + " is malformed";
        return 0;
      });
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, int code, void* user) {
        auto& inside = *static_cast<Inside*>(user);
        inside.in_head = false;
        if (Stream* stream = inside.find(frame->hd.stream_id))
          inside.report_malformed(*stream,
                                  stream->problem.empty() ? nghttp2_strerror(code) : stream->problem);
        else
          inside.error = nghttp2_strerror(code);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        static_cast<Inside*>(user)->take_frame(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, [](nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
        static_cast<Inside*>(user)->take_data(id, view(data, size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, int32_t id, uint32_t code, void* user) {
        static_cast<Inside*>(user)->close(id, code);
        return 0;
      });
}

void Session::Inside::set_writing(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_frame_send_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        static_cast<Inside*>(user)->after_send(*frame);
        return 0;
      });
}

nghttp2_data_provider Session::Inside::provider() {
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = [](nghttp2_session*, int32_t id, uint8_t* buffer, size_t length, uint32_t* flags,
                              nghttp2_data_source*, void* user) -> ssize_t {
    auto& inside = *static_cast<Inside*>(user);
    Stream* stream = inside.find(id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return inside.fill(*stream, buffer, length, *flags);
  };
  return provider;
}

}  // namespace nemoclaw::http2
