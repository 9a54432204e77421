// One non-blocking connection, plain or TLS, as the load generator and its origin use it.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>
#include <string>

namespace nemoclaw::load {

[[noreturn]] void die(const std::string& what);

class Channel {
 public:
  static constexpr ssize_t kEnd = 0, kAgain = -1, kBroken = -2;

  Channel() = default;
  explicit Channel(int fd) : fd_(fd) {}
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&& other) noexcept;
  ~Channel() { close(); }

  // From now on TLS; `name`: whom a client asks for and believes to talk to.
  void start_client(SSL_CTX* context, const std::string& name);
  void start_server(SSL_CTX* context);
  bool is_tls() const { return ssl_ != nullptr; }
  // 1 when it is done; kAgain, kBroken
  ssize_t handshake();
  // Bytes, or one of the constants above.
  ssize_t read(char* to, size_t size);
  ssize_t write(const char* from, size_t size);
  void close();
  int fd() const { return fd_; }

 private:
  ssize_t outcome(int answer);
  int fd_ = -1;
  SSL* ssl_ = nullptr;
};

// "127.0.0.1:80"
int connect_to(const std::string& endpoint);
int listen_on(const std::string& endpoint);

}  // namespace nemoclaw::load
