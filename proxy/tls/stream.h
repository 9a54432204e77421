// TLS over a connected socket. OpenSSL reads and writes the socket itself; this class waits for it when
// OpenSSL says that it must.
#pragma once

#include <string>
#include <string_view>

#include "proxy/net/stream.h"
#include "proxy/tls/openssl.h"
#include "runtime/base/result.h"

namespace nemoclaw::tls {

class Stream : public net::Stream {
 public:
  // Borrows the socket and makes it non-blocking. `early`: bytes of the peer that were read from it before.
  Stream(net::tcp::socket& socket, SslPtr ssl, std::string early = {});
  ~Stream() override;

  // Before anything else; the role (client or server) is in the SSL object.
  net::Task<Result<void>> handshake();
  // "" if none was negotiated.
  std::string_view alpn() const;
  SSL* ssl() const { return ssl_.get(); }

  net::Task<net::IoResult> read_some(asio::mutable_buffer buffer) override;
  net::Task<net::IoResult> write_all(asio::const_buffer data) override;
  net::Task<void> shutdown_send() override;
  net::tcp::socket& socket() override { return socket_; }
  // The peer has ended or broken the stream, or sent what nobody asked for. Reads what TLS itself has to say.
  bool is_stale() override;

 private:
  // Waits for what OpenSSL's last answer asks for; an error code if that answer was a failure.
  net::Task<asio::error_code> wait_for(int answer);
  size_t read_ready(asio::mutable_buffer buffer, int& answer);

  net::tcp::socket& socket_;
  SslPtr ssl_;
};

}  // namespace nemoclaw::tls
