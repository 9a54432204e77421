#include "ctl/metrics_server.h"

#include <arpa/inet.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>

#include "proxy/metrics/exposition.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

constexpr size_t kHeadBytesMax = 8192;
constexpr auto kPatience = std::chrono::seconds(2);

using Clock = std::chrono::steady_clock;

std::string render_answer(std::string_view status, std::string_view type, const std::string& body) {
  std::string answer = "HTTP/1.1 ";
  answer.append(status).append("\r\nContent-Type: ").append(type);
  return answer + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

// False when the time is over.
bool wait_for(const Fd& socket, short events, Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd waiting = {socket.raw(), events, 0};
  return left > 0 && poll(&waiting, 1, static_cast<int>(left)) > 0;
}

std::string read_head(const Fd& client) {
  std::string head;
  const auto until = Clock::now() + kPatience;
  while (head.find("\r\n\r\n") == head.npos && head.size() < kHeadBytesMax && wait_for(client, POLLIN, until)) {
    char bytes[2048];
    const ssize_t got = recv(client.raw(), bytes, sizeof bytes, 0);
    if (got <= 0) return {};
    head.append(bytes, static_cast<size_t>(got));
  }
  return head;
}

void send_all(const Fd& client, std::string_view answer) {
  const auto until = Clock::now() + kPatience;
  while (!answer.empty() && wait_for(client, POLLOUT, until)) {
    const ssize_t sent = send(client.raw(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return;
    answer.remove_prefix(static_cast<size_t>(sent));
  }
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const Error bad = make_error("expected ADDRESS:PORT, as in 127.0.0.1:9464 or [::1]:9464, got " + quoted(text, 80));
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return bad;
  ListenAddress where;
  std::string_view address = text.substr(0, colon), port = text.substr(colon + 1);
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  where.address = address;
  in6_addr parsed;
  if (inet_pton(bracketed ? AF_INET6 : AF_INET, where.address.c_str(), &parsed) != 1) return bad;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), where.port);
  if (port.empty() || code != std::errc() || end != port.data() + port.size() || where.port == 0) return bad;
  return where;
}

Result<Fd> listen_for_scrapers(const ListenAddress& where) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(sockaddr_in);
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  if (inet_pton(AF_INET, where.address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(where.port);
  } else {
    length = sizeof(sockaddr_in6);
    inet_pton(AF_INET6, where.address.c_str(), &v6.sin6_addr);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(where.port);
  }
  const std::string what = "listen on " + where.address + " port " + std::to_string(where.port);
  Fd socket(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return errno_error(what);
  const int on = 1;
  setsockopt(socket.raw(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(socket.raw(), reinterpret_cast<const sockaddr*>(&address), length) != 0 || listen(socket.raw(), 16) != 0)
    return errno_error(what);
  return socket;
}

std::string answer_scraper(std::string_view head, const std::function<std::string()>& page) {
  constexpr std::string_view kPlain = "text/plain; charset=utf-8";
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const size_t first = line.find(' '), second = line.rfind(' ');
  if (head.find("\r\n\r\n") == head.npos || first == second || !line.substr(second + 1).starts_with("HTTP/1."))
    return render_answer("400 Bad Request", kPlain, "not a request of HTTP/1\n");
  if (line.substr(0, first) != "GET") return render_answer("405 Method Not Allowed", kPlain, "GET /metrics\n");
  const std::string_view target = line.substr(first + 1, second - first - 1);
  if (target.substr(0, target.find('?')) != "/metrics")
    return render_answer("404 Not Found", kPlain, "the page is /metrics\n");
  return render_answer("200 OK", metrics::kContentType, page());
}

Result<void> give_up_privileges() {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM) return errno_error("drop capabilities");
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &header, none) != 0) return errno_error("drop capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno_error("no_new_privs");
  return {};
}

Result<void> serve_scrapers(const Fd& listener, const std::function<std::string()>& page) {
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    const Fd client(accept4(listener.raw(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return errno_error("accept");
    }
    const std::string head = read_head(client);
    if (!head.empty()) send_all(client, answer_scraper(head, page));
    shutdown(client.raw(), SHUT_WR);
  }
}

}  // namespace nemoclaw::ctl
