#include "proxy/tls/stream.h"

#include <openssl/err.h>

#include <algorithm>

#include "proxy/net/readiness.h"
#include "proxy/tls/early_bio.h"

namespace nemoclaw::tls {

Stream::Stream(net::tcp::socket& socket, SslPtr ssl, std::string early)
    : socket_(socket), ssl_(std::move(ssl)) {
  asio::error_code ignored;
  socket_.non_blocking(true, ignored);
  BioPtr bio = make_early_bio(socket_.native_handle(), std::move(early));
  BIO* both = bio.release();
  SSL_set_bio(ssl_.get(), both, both);
}

Stream::~Stream() {
  // A session may be used again only if its connection ended well, which shutdown_send() says.
  if (!(SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN)) SSL_set_quiet_shutdown(ssl_.get(), 1);
}

net::Task<asio::error_code> Stream::wait_for(int answer) {
  switch (SSL_get_error(ssl_.get(), answer)) {
    case SSL_ERROR_WANT_READ:
      co_return co_await net::wait_readable(socket_);  // OpenSSL has read until the socket would block
    case SSL_ERROR_WANT_WRITE: {
      const auto [code] = co_await socket_.async_wait(net::tcp::socket::wait_write, net::kTuple);
      co_return code;
    }
    case SSL_ERROR_ZERO_RETURN:
      co_return asio::error::eof;
    case SSL_ERROR_SYSCALL:
      co_return asio::error::connection_reset;
    default:
      // Includes an end of file without close_notify: a stream that somebody cut must not look complete.
      co_return asio::error::connection_aborted;
  }
}

net::Task<Result<void>> Stream::handshake() {
  for (;;) {
    ERR_clear_error();
    const int answer = SSL_do_handshake(ssl_.get());
    if (answer == 1) co_return Result<void>();
    const int kind = SSL_get_error(ssl_.get(), answer);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
      if (const asio::error_code code = co_await wait_for(answer)) co_return make_error(code.message());
      continue;
    }
    if (const long verdict = SSL_get_verify_result(ssl_.get());
        verdict != X509_V_OK && !SSL_is_server(ssl_.get())) {
      ERR_clear_error();
      co_return make_error(std::string("certificate: ") + X509_verify_cert_error_string(verdict));
    }
    if (kind == SSL_ERROR_SYSCALL || ERR_peek_error() == 0)
      co_return make_error("the peer closed the connection during the handshake");
    co_return make_error(last_openssl_error());
  }
}

std::string_view Stream::alpn() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

// Takes all records that are there, as far as they fit: a bulk transfer then writes 64 KiB at a time and
// not 16.
size_t Stream::read_ready(asio::mutable_buffer buffer, int& answer) {
  size_t filled = 0;
  do {
    ERR_clear_error();
    size_t got = 0;
    answer =
        SSL_read_ex(ssl_.get(), static_cast<char*>(buffer.data()) + filled, buffer.size() - filled, &got);
    filled += got;
  } while (answer == 1 && filled < buffer.size() && SSL_has_pending(ssl_.get()));
  return filled;
}

net::Task<net::IoResult> Stream::read_some(asio::mutable_buffer buffer) {
  for (;;) {
    int answer = 0;
    if (const size_t got = read_ready(buffer, answer); got > 0) co_return net::IoResult{{}, got};
    if (const asio::error_code code = co_await wait_for(answer)) co_return net::IoResult{code, 0};
  }
}

net::Task<net::IoResult> Stream::write_all(asio::const_buffer data) {
  std::string rest;  // of data, once there was a wait
  const char* at = static_cast<const char*>(data.data());
  size_t left = data.size();
  while (left > 0) {
    ERR_clear_error();
    size_t put = 0;
    const int answer = SSL_write_ex(ssl_.get(), at, left, &put);
    at += put;
    left -= put;
    if (answer == 1) continue;
    if (rest.empty()) {
      rest.assign(at, left);
      at = rest.data();
    }
    if (const asio::error_code code = co_await wait_for(answer))
      co_return net::IoResult{code, data.size() - left};
  }
  co_return net::IoResult{{}, data.size()};
}

net::Task<void> Stream::shutdown_send() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());  // one short record: if the socket has no room for it, the FIN alone must do
  asio::error_code ignored;
  socket_.shutdown(net::tcp::socket::shutdown_send, ignored);
  co_return;
}

bool Stream::is_stale() {
  ERR_clear_error();
  char byte;
  size_t got = 0;
  const int answer = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
  return answer == 1 || SSL_get_error(ssl_.get(), answer) != SSL_ERROR_WANT_READ;
}

}  // namespace nemoclaw::tls
