#include "origin.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "channel.h"

namespace nemoclaw::load {

namespace {

struct Peer {
  Channel channel;
  bool shaken = true;
  std::string in, head;
  size_t head_sent = 0, body_left = 0;
  bool is_writing() const { return head_sent < head.size() || body_left > 0; }
};

const std::string& filler() {
  static const std::string bytes(256 << 10, 'x');
  return bytes;
}

void answer(Peer& peer, std::string_view request) {
  static constexpr std::string_view kBytes = "GET /bytes/";
  const size_t size = request.starts_with(kBytes) ? strtoul(request.data() + kBytes.size(), nullptr, 10) : 64;
  peer.head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  if (size <= 4096) {  // one write, as a server does with small answers
    peer.head.append(filler(), 0, size);
    peer.body_left = 0;
  } else {
    peer.body_left = size;
  }
  peer.head_sent = 0;
}

// False when the connection is over.
bool write_some(Peer& peer) {
  while (peer.is_writing()) {
    const bool in_head = peer.head_sent < peer.head.size();
    const ssize_t put =
        in_head ? peer.channel.write(peer.head.data() + peer.head_sent, peer.head.size() - peer.head_sent)
                : peer.channel.write(filler().data(), std::min(peer.body_left, filler().size()));
    if (put == Channel::kAgain) return true;
    if (put <= 0) return false;
    (in_head ? peer.head_sent : peer.body_left) +=
        in_head ? static_cast<size_t>(put) : -static_cast<size_t>(put);
  }
  return true;
}

bool serve(Peer& peer) {
  if (!peer.shaken) {
    const ssize_t done = peer.channel.handshake();
    if (done != 1) return done == Channel::kAgain;
    peer.shaken = true;
  }
  for (;;) {
    if (!write_some(peer)) return false;
    if (peer.is_writing()) return true;
    if (const size_t end = peer.in.find("\r\n\r\n"); end != peer.in.npos) {
      answer(peer, std::string_view(peer.in).substr(0, end));
      peer.in.erase(0, end + 4);
      continue;
    }
    char buffer[16 << 10];
    const ssize_t got = peer.channel.read(buffer, sizeof buffer);
    if (got <= 0) return got == Channel::kAgain;
    peer.in.append(buffer, static_cast<size_t>(got));
  }
}

SSL_CTX* server_context(const OriginOptions& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1)
    die("the origin's certificate");
  return context;
}

}  // namespace

void run_origin(const OriginOptions& options) {
  SSL_CTX* context = options.tls.empty() ? nullptr : server_context(options);
  const int loop = epoll_create1(EPOLL_CLOEXEC);
  const int plain = listen_on(options.plain), tls = context ? listen_on(options.tls) : -1;
  epoll_event event = {EPOLLIN, {.fd = plain}};
  epoll_ctl(loop, EPOLL_CTL_ADD, plain, &event);
  event.data.fd = tls;
  if (context) epoll_ctl(loop, EPOLL_CTL_ADD, tls, &event);
  std::vector<std::unique_ptr<Peer>> peers;
  for (;;) {
    epoll_event events[256];
    const int count = epoll_wait(loop, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd != plain && fd != tls) {
        auto& peer = peers[static_cast<size_t>(fd)];
        if (peer && !serve(*peer)) peer.reset();
        continue;
      }
      const int accepted = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
      if (accepted < 0) continue;
      setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (peers.size() <= static_cast<size_t>(accepted)) peers.resize(static_cast<size_t>(accepted) + 1);
      auto peer = std::make_unique<Peer>(Peer{Channel(accepted), fd == plain, {}, {}});
      if (fd == tls) peer->channel.start_server(context);
      peers[static_cast<size_t>(accepted)] = std::move(peer);
      epoll_event wanted = {EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, {.fd = accepted}};
      epoll_ctl(loop, EPOLL_CTL_ADD, accepted, &wanted);
    }
  }
}

}  // namespace nemoclaw::load
