#include "channel.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace nemoclaw::load {

void die(const std::string& what) {
  fprintf(stderr, "load: %s: %s\n", what.c_str(), strerror(errno));
  ERR_print_errors_fp(stderr);
  exit(1);
}

Channel::Channel(Channel&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), ssl_(std::exchange(other.ssl_, nullptr)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(ssl_, other.ssl_);
  return *this;
}

void Channel::start_client(SSL_CTX* context, const std::string& name) {
  ssl_ = SSL_new(context);
  if (!ssl_ || SSL_set_tlsext_host_name(ssl_, name.c_str()) != 1 || SSL_set1_host(ssl_, name.c_str()) != 1 ||
      SSL_set_fd(ssl_, fd_) != 1)
    die("TLS");
  SSL_set_connect_state(ssl_);
}

void Channel::start_server(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  if (!ssl_ || SSL_set_fd(ssl_, fd_) != 1) die("TLS");
  SSL_set_accept_state(ssl_);
}

ssize_t Channel::outcome(int answer) {
  const int kind = SSL_get_error(ssl_, answer);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return kAgain;
  return kind == SSL_ERROR_ZERO_RETURN ? kEnd : kBroken;
}

ssize_t Channel::handshake() {
  ERR_clear_error();
  const int answer = SSL_do_handshake(ssl_);
  return answer == 1 ? 1 : outcome(answer) == kAgain ? kAgain : kBroken;
}

ssize_t Channel::read(char* to, size_t size) {
  if (ssl_) {
    ERR_clear_error();
    const int answer = SSL_read(ssl_, to, static_cast<int>(size));
    return answer > 0 ? answer : outcome(answer);
  }
  const ssize_t got = recv(fd_, to, size, 0);
  return got >= 0 ? got : errno == EAGAIN || errno == EINTR ? kAgain : kBroken;
}

ssize_t Channel::write(const char* from, size_t size) {
  if (ssl_) {
    ERR_clear_error();
    const int answer = SSL_write(ssl_, from, static_cast<int>(size));
    return answer > 0 ? answer : outcome(answer) == kAgain ? kAgain : kBroken;
  }
  const ssize_t put = send(fd_, from, size, MSG_NOSIGNAL);
  return put >= 0 ? put : errno == EAGAIN || errno == EINTR ? kAgain : kBroken;
}

void Channel::close() {
  if (ssl_) SSL_shutdown(ssl_);
  SSL_free(std::exchange(ssl_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

static sockaddr_in address_of(const std::string& endpoint) {
  const size_t colon = endpoint.rfind(':');
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  errno = EINVAL;
  if (colon == endpoint.npos || inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1)
    die(endpoint + " is not ADDRESS:PORT");
  address.sin_port = htons(static_cast<uint16_t>(atoi(endpoint.c_str() + colon + 1)));
  return address;
}

static int open_socket() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  if (fd < 0) die("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return fd;
}

int connect_to(const std::string& endpoint) {
  const sockaddr_in address = address_of(endpoint);
  const int fd = open_socket();
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)
    die("connect to " + endpoint);
  return fd;
}

int listen_on(const std::string& endpoint) {
  const sockaddr_in address = address_of(endpoint);
  const int fd = open_socket();
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 4096) != 0)
    die("listen on " + endpoint);
  return fd;
}

}  // namespace nemoclaw::load
