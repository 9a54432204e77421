#include "client.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "channel.h"

namespace nemoclaw::load {

namespace {

int64_t now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

enum class Step { Tunnel, Handshake, Idle, Answer };

struct Client {
  Channel channel;
  Step step = Step::Tunnel;
  std::string head;  // of an answer, until it is complete
  bool asked = false;
  size_t body_left = 0;
  int64_t since = 0;
};

class Load {
 public:
  explicit Load(const ClientOptions& options) : options_(options), clients_(options.connections) {
    loop_ = epoll_create1(EPOLL_CLOEXEC);
    if (!options.tls.empty()) make_context();
    tunnel_ = "CONNECT " + options.connect + " HTTP/1.1\r\nHost: " + options.connect + "\r\n\r\n";
    request_ = "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host +
               "\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n";
  }

  int run() {
    started_ = now_ns();
    if (!options_.fresh) {
      // A few at a time: the backlogs of some proxies are short.
      for (size_t next = 0; ready_ + failed_ < clients_.size();) {
        while (next < clients_.size() && next - ready_ - failed_ < 32) open(clients_[next++]);
        turn(1000);
        if (now_ns() - started_ > 180'000'000'000LL) break;
      }
    }
    if (!options_.fresh && ready_ < clients_.size())
      return fprintf(stderr, "load: only %zu connections could be made in time\n", ready_), 1;
    say_and_wait("ready");
    begin();
    while (done_ + errors_ < options_.requests && now_ns() - started_ < 120'000'000'000LL) turn(next_wait());
    report();
    if (options_.requests == 0) wait_for_line();
    return errors_ > 0 || done_ < options_.requests ? 1 : 0;
  }

 private:
  void make_context() {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_load_verify_file(context_, options_.ca.c_str()) != 1) die("read " + options_.ca);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  }

  static void wait_for_line() {
    char byte;
    while (read(0, &byte, 1) == 1 && byte != '\n') {
    }
  }
  static void say_and_wait(const char* word) {
    puts(word);
    fflush(stdout);
    wait_for_line();
  }

  void open(Client& client) {
    client = Client();
    client.since = now_ns();
    client.channel = Channel(connect_to(options_.to));
    epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = &client}};
    epoll_ctl(loop_, EPOLL_CTL_ADD, client.channel.fd(), &event);
  }

  void begin() {
    started_ = now_ns();
    measuring_ = true;
    if (options_.rate > 0) return;
    for (Client& client : clients_) next(client);
  }

  // The next request of a closed loop.
  void next(Client& client) {
    if (sent_ >= options_.requests) return;
    ++sent_;
    if (options_.fresh)
      open(client);
    else
      ask(client, now_ns());
  }

  void ask(Client& client, int64_t since) {
    client.since = since;
    client.step = Step::Answer;
    client.head.clear();
    client.body_left = 0;
    if (client.channel.write(request_.data(), request_.size()) != static_cast<ssize_t>(request_.size()))
      fail(client);
  }

  // Of an open loop: what is due goes out on an idle connection, or waits for one with its time running.
  int next_wait() {
    if (options_.rate <= 0) return 1000;
    const int64_t now = now_ns(), gap = static_cast<int64_t>(1e9 / options_.rate);
    while (sent_ < options_.requests && started_ + static_cast<int64_t>(sent_) * gap <= now)
      due_.push_back(started_ + static_cast<int64_t>(sent_++) * gap);
    for (Client& client : clients_) {
      if (due_.empty()) break;
      if (client.step != Step::Idle) continue;
      ask(client, due_.front());
      due_.pop_front();
    }
    if (sent_ >= options_.requests) return 1000;
    return started_ + static_cast<int64_t>(sent_) * gap - now_ns() > 1'500'000 ? 1 : 0;
  }

  void turn(int wait_ms) {
    epoll_event events[256];
    const int count = epoll_wait(loop_, events, 256, wait_ms);
    for (int i = 0; i < count; ++i) advance(*static_cast<Client*>(events[i].data.ptr));
  }

  void advance(Client& client) {
    for (;;) {
      const Step before = client.step;
      switch (client.step) {
        case Step::Tunnel:
          tunnel(client);
          break;
        case Step::Handshake:
          handshake(client);
          break;
        case Step::Answer:
          answer(client);
          break;
        case Step::Idle:
          return;
      }
      if (client.step == before || client.channel.fd() < 0) return;
    }
  }

  void tunnel(Client& client) {
    if (options_.connect.empty()) return established(client);
    if (!client.asked) {
      const ssize_t put = client.channel.write(tunnel_.data(), tunnel_.size());
      if (put == Channel::kAgain) return;
      if (put != static_cast<ssize_t>(tunnel_.size())) return fail(client);
      client.asked = true;
    }
    char buffer[1024];
    const ssize_t got = client.channel.read(buffer, sizeof buffer);
    if (got == Channel::kAgain) return;
    if (got <= 0) return fail(client);
    client.head.append(buffer, static_cast<size_t>(got));
    if (!client.head.ends_with("\r\n\r\n")) return;
    if (client.head.compare(8, 5, " 200 ") != 0) return fail(client);
    established(client);
  }

  void established(Client& client) {
    if (!context_) return ready(client);
    client.channel.start_client(context_, options_.tls);
    client.step = Step::Handshake;
  }

  void handshake(Client& client) {
    const ssize_t done = client.channel.handshake();
    if (done == Channel::kBroken) return fail(client);
    if (done == 1) ready(client);
  }

  void ready(Client& client) {
    ++ready_;
    client.step = Step::Idle;
    if (options_.fresh) ask(client, client.since);
  }

  void answer(Client& client) {
    static char buffer[256 << 10];
    for (;;) {
      const ssize_t got = client.channel.read(buffer, sizeof buffer);
      if (got == Channel::kAgain) return;
      if (got <= 0) return fail(client);
      size_t body = static_cast<size_t>(got);
      if (client.body_left == 0) {
        client.head.append(buffer, body);
        const size_t end = client.head.find("\r\n\r\n");
        if (end == client.head.npos) continue;
        const char* length = strcasestr(client.head.c_str(), "\r\ncontent-length:");
        if (!client.head.starts_with("HTTP/1.1 200") || !length) return fail(client);
        client.body_left = strtoul(length + 17, nullptr, 10) + 1;  // 0: the head is not complete
        body = client.head.size() - end - 4;
      }
      bytes_ += body;
      client.body_left -= std::min(body, client.body_left - 1);
      if (client.body_left == 1) return finish(client);
    }
  }

  void finish(Client& client) {
    ++done_;
    took_.push_back(now_ns() - client.since);
    client.step = Step::Idle;
    if (options_.fresh) client.channel.close();
    if (options_.rate <= 0) next(client);
  }

  void fail(Client& client) {
    client.channel.close();
    if (!measuring_) {
      ++failed_;
      return;
    }
    if (errors_++ == 0) fprintf(stderr, "load: a request failed: %.200s\n", client.head.c_str());
    client.step = Step::Idle;
  }

  void report() {
    std::sort(took_.begin(), took_.end());
    const auto quantile = [&](double part) {
      return took_.empty() ? 0.0
                           : static_cast<double>(
                                 took_[static_cast<size_t>(part * static_cast<double>(took_.size() - 1))]) /
                                 1e3;
    };
    printf("requests %zu errors %zu bytes %zu us %lld p50 %.1f p99 %.1f\n", done_, options_.requests - done_,
           bytes_, static_cast<long long>((now_ns() - started_) / 1000), quantile(0.5), quantile(0.99));
    fflush(stdout);
  }

  const ClientOptions& options_;
  int loop_ = -1;
  SSL_CTX* context_ = nullptr;
  std::string tunnel_, request_;
  std::vector<Client> clients_;
  std::deque<int64_t> due_;
  std::vector<int64_t> took_;
  int64_t started_ = 0;
  bool measuring_ = false;
  size_t ready_ = 0, failed_ = 0, sent_ = 0, done_ = 0, errors_ = 0, bytes_ = 0;
};

}  // namespace

int run_client(const ClientOptions& options) { return Load(options).run(); }

}  // namespace nemoclaw::load
