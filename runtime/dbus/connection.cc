#include "runtime/dbus/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/file.h"

namespace nemoclaw::dbus {

namespace {

// A service manager under load takes its time; one that does not answer at all must not hang a container's create for
// ever.
constexpr int kPatienceMs = 30'000;
constexpr size_t kLineMax = 16384;

Result<Fd> connect_unix(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return make_error("not a socket's path: " + quoted(path));
  memcpy(address.sun_path, path.data(), path.size());
  socklen_t length = sizeof address;
  if (path[0] == '@') {
    address.sun_path[0] = '\0';
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  }
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return errno_error("socket");
  if (connect(socket.raw(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
    return errno_error("connect to " + quoted(path));
  return socket;
}

Result<void> send_all(FdRef socket, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = send(socket.raw(), data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno_error("D-Bus: send");
    data.remove_prefix(static_cast<size_t>(sent));
  }
  return {};
}

std::string unescape(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && isxdigit(static_cast<unsigned char>(text[i + 1])) &&
        isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view next_part(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

std::vector<std::string> unix_paths(std::string_view bus_address) {
  std::vector<std::string> paths;
  while (!bus_address.empty()) {
    std::string_view each = next_part(bus_address, ';');
    if (!each.starts_with("unix:")) continue;
    each.remove_prefix(5);
    while (!each.empty()) {
      const std::string_view pair = next_part(each, ',');
      if (pair.starts_with("path=")) paths.push_back(unescape(pair.substr(5)));
      if (pair.starts_with("abstract=")) paths.push_back("@" + unescape(pair.substr(9)));
    }
  }
  return paths;
}

Result<Connection> Connection::open(const Address& address, const std::string& service) {
  Connection connection(TRY(connect_unix(address.path)), address.is_bus, service);
  TRY_CONTEXT(connection.authenticate(), "D-Bus at " + quoted(address.path));
  if (address.is_bus) TRY(connection.call_bus("Hello", {}));
  return connection;
}

// The identity is left empty: it is the one that the kernel reports, which is right in a user namespace, too. All in one
// piece: a service of sd-bus's that reads "BEGIN" together with the first message leaves that one lying.
Result<void> Connection::authenticate() {
  using std::string_view_literals::operator""sv;
  TRY(send_all(socket_, "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"sv));
  // "DATA" asks for the identity that we have sent already; "OK" ends it.
  for (;;) {
    size_t end;
    while ((end = received_.find("\r\n")) == std::string::npos) {
      if (received_.size() > kLineMax) return make_error("not a D-Bus service");
      TRY(fill(received_.size() + 1));
    }
    const std::string line = received_.substr(0, end);
    received_.erase(0, end + 2);
    if (line.starts_with("OK")) return {};
    if (line.starts_with("REJECTED") || line.starts_with("ERROR"))
      return make_error("authentication was refused: " + quoted(line));
  }
}

Result<void> Connection::fill(size_t wanted) {
  while (received_.size() < wanted) {
    pollfd waiting = {socket_.raw(), POLLIN, 0};
    const int ready = poll(&waiting, 1, kPatienceMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return errno_error("D-Bus: poll");
    if (ready == 0) return make_error("D-Bus: no answer within 30 seconds");
    char buffer[4096];
    const ssize_t got = recv(socket_.raw(), buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("D-Bus: receive");
    if (got == 0) return make_error("D-Bus: the connection was closed");
    received_.append(buffer, static_cast<size_t>(got));
  }
  return {};
}

Result<Message> Connection::receive() {
  TRY(fill(kHeadBytes));
  const size_t length = TRY(message_length(received_));
  TRY(fill(length));
  Message message = TRY(decode_message(std::string_view(received_).substr(0, length)));
  received_.erase(0, length);
  return message;
}

Result<Message> Connection::call(Message message) {
  message.type = MessageType::Call;
  message.serial = ++serial_;
  if (is_bus_ && message.destination.empty()) message.destination = service_;
  TRY(send_all(socket_, encode_message(message)));
  last_error_name_.clear();
  for (;;) {
    Message answer = TRY(receive());
    if (answer.type == MessageType::Signal) {
      signals_.push_back(std::move(answer));
      continue;
    }
    if (answer.reply_serial != message.serial) continue;
    if (answer.type == MessageType::Return) return answer;
    last_error_name_ = answer.error_name;
    return make_error(message.member + ": " + quoted(answer.error_name) + ": " + quoted(answer.body_text(0), 1024));
  }
}

Result<Message> Connection::call_bus(const char* member, std::vector<Value> body) {
  Message message;
  message.path = "/org/freedesktop/DBus";
  message.interface = message.destination = "org.freedesktop.DBus";
  message.member = member;
  message.body = std::move(body);
  return call(std::move(message));
}

Result<void> Connection::match(const std::string& rule) {
  if (is_bus_) TRY(call_bus("AddMatch", {make_text(rule)}));
  return {};
}

Result<Message> Connection::wait_signal(const std::function<bool(const Message&)>& wanted) {
  for (;;) {
    for (Message& each : signals_)
      if (wanted(each)) {
        Message found = std::move(each);
        signals_.clear();
        return found;
      }
    signals_.clear();
    Message next = TRY(receive());
    if (next.type == MessageType::Signal) signals_.push_back(std::move(next));
  }
}

}  // namespace nemoclaw::dbus
