// One end of an HTTP/2 connection: bytes in, events out; messages in, bytes out. nghttp2 does the frames;
// this class adds what the proxy's place between two parties needs: strict messages (message.h), limits,
// windows that open only as far as the other side takes what came. No I/O.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/http2/flood.h"
#include "proxy/http2/message.h"

namespace nemoclaw::http2 {

// RFC 9113 section 7; others pass as the numbers that they are.
enum ErrorCode : uint32_t {
  kNoError = 0,
  kProtocolError = 1,
  kInternalError = 2,
  kRefusedStream = 7,
  kCancel = 8,
  kEnhanceYourCalm = 11,
};

// What the peer does. A stream's number means nothing any more after on_close.
class Events {
 public:
  virtual ~Events() = default;
  // `ends`: neither data nor on_end follow.
  virtual void on_request(int32_t stream, http::Request request, bool ends);     // of a server
  virtual void on_response(int32_t stream, http::Response response, bool ends);  // of a client; interim, too
  // A head that is too large; nothing else of this stream is reported but its close.
  virtual void on_oversized_head(int32_t stream) = 0;
  // A message that is none; its stream is reset by the session.
  virtual void on_malformed(int32_t stream, const std::string& reason) = 0;
  // The bytes count against the peer's windows until Session::consume gives them back.
  virtual void on_data(int32_t stream, std::string_view data) = 0;
  virtual void on_end(int32_t stream, Block trailers) = 0;
  virtual void on_close(int32_t stream, uint32_t code) = 0;
  // Bytes of Session::write_data went into a frame.
  virtual void on_written(int32_t stream, size_t bytes) = 0;
};

enum class Role : uint8_t { Server, Client };

class Session {
 public:
  struct Inside;  // inside.h

  // The peer of a server is the sandbox, that of a client an origin.
  Session(Role role, Events& events);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Calls the events. False: the connection cannot go on; what send() still gives says why.
  bool receive(std::string_view bytes, FloodGuard::Time now);
  // Appends frames until `out` has about `bytes_max`.
  void send(std::string& out, size_t bytes_max);
  bool wants_to_send() const;
  // Neither side has anything to say any more.
  bool is_over() const;
  bool is_reading_head() const;  // a header block has begun and not ended
  const std::string& error() const;

  // A client's: false when one of the two has said that it is about to end.
  bool takes_requests() const;
  // A client's request; its stream, or -1: the connection takes no more.
  int32_t open(const Block& request, bool ends);
  void answer(int32_t stream, const Block& head, bool ends);  // of a server; interim heads first
  void write_data(int32_t stream, std::string_view data);
  // No data follows. Nothing happens if the stream has ended already.
  void finish(int32_t stream, const Block& trailers = {});
  // Nobody wants what is left of the peer's message. A little is thrown away, because some clients read no
  // answer before they have sent all; then the peer is told to stop.
  void discard_rest(int32_t stream);
  void reset(int32_t stream, uint32_t code);
  void consume(int32_t stream, size_t bytes);
  // What write_data was given and no frame has taken.
  size_t unsent(int32_t stream) const;
  // No new streams; those that stand may end (NoError), or nothing goes on.
  void shut_down(uint32_t code);

 private:
  std::unique_ptr<Inside> inside_;
};

}  // namespace nemoclaw::http2
