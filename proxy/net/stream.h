// A byte stream to one peer, plain or protected, as the protocols above see it.
#pragma once

#include <string>
#include <string_view>

#include "proxy/net/async.h"

namespace nemoclaw::net {

struct IoResult {
  asio::error_code
      code;  // asio::error::eof only for an end that the peer meant; a cut TLS stream is another code
  size_t bytes = 0;
};

// 64 KiB that everything on this thread reads into, so that a connection which waits holds no buffer. What
// lies in it is good until the next co_await of anything but Stream::write_all of that very content.
asio::mutable_buffer shared_buffer();

class Stream {
 public:
  virtual ~Stream() = default;
  // At least one byte unless there is an error. The buffer is touched only when bytes are there, and nothing
  // else runs between that and the return to the caller: it may be the shared one.
  virtual Task<IoResult> read_some(asio::mutable_buffer buffer) = 0;
  // What cannot be written at once is copied: `data` may lie in the shared buffer.
  virtual Task<IoResult> write_all(asio::const_buffer data) = 0;
  // "I send no more": FIN, after TLS's close_notify.
  virtual Task<void> shutdown_send() = 0;
  // For deadlines, resets and addresses; never to be read from or written to.
  virtual tcp::socket& socket() = 0;
  // Between two exchanges: the peer has ended the stream, broken it, or sent what nobody asked for.
  virtual bool is_stale() = 0;
};

// Borrows the socket and makes it non-blocking. `early`: bytes that were read from it before.
class PlainStream : public Stream {
 public:
  explicit PlainStream(tcp::socket& socket, std::string early = {});
  Task<IoResult> read_some(asio::mutable_buffer buffer) override;
  Task<IoResult> write_all(asio::const_buffer data) override;
  Task<void> shutdown_send() override;
  tcp::socket& socket() override { return socket_; }
  bool is_stale() override;

 private:
  tcp::socket& socket_;
  std::string early_;
};

}  // namespace nemoclaw::net
