#include "runtime/container/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "runtime/base/file.h"

namespace nemoclaw::container {

namespace {

constexpr size_t kChunkBytes = 8192;
constexpr int kStdin = 0, kStdout = 1;

}  // namespace

std::optional<oci::Box> window_of_caller() {
  winsize size;
  if (ioctl(kStdin, TIOCGWINSZ, &size) != 0) return std::nullopt;
  return oci::Box{size.ws_row, size.ws_col};
}

Result<void> keep_newlines(FdRef master) {
  termios settings;
  if (tcgetattr(master.raw(), &settings) != 0) return errno_error("terminal");
  settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  if (tcsetattr(master.raw(), TCSANOW, &settings) != 0) return errno_error("terminal");
  return {};
}

Result<TerminalProxy> TerminalProxy::create(Fd master) {
  const int flags = fcntl(master.raw(), F_GETFL);
  if (flags < 0 || fcntl(master.raw(), F_SETFL, flags | O_NONBLOCK) < 0) return errno_error("terminal");
  TerminalProxy proxy(std::move(master));
  termios current;
  if (tcgetattr(kStdin, &current) == 0) {
    termios raw = current;
    cfmakeraw(&raw);
    raw.c_oflag |= OPOST;  // the container's newlines come plain (keep_newlines)
    if (tcsetattr(kStdin, TCSANOW, &raw) != 0) return errno_error("terminal: raw mode");
    proxy.saved_ = current;
  }
  proxy.resize();
  return proxy;
}

TerminalProxy::TerminalProxy(TerminalProxy&& other) noexcept
    : master_(std::move(other.master_)),
      saved_(std::exchange(other.saved_, std::nullopt)),
      pending_(std::move(other.pending_)),
      stdin_open_(other.stdin_open_),
      stdout_open_(other.stdout_open_),
      master_open_(other.master_open_) {}

TerminalProxy::~TerminalProxy() {
  if (saved_) tcsetattr(kStdin, TCSADRAIN, &*saved_);
}

short TerminalProxy::stdin_events() const { return stdin_open_ && pending_.empty() ? POLLIN : 0; }

short TerminalProxy::master_events() const {
  if (!master_open_) return 0;
  return static_cast<short>(POLLIN | (pending_.empty() ? 0 : POLLOUT));
}

void TerminalProxy::on_stdin(short events) {
  if (!(events & (POLLIN | POLLHUP | POLLERR)) || !stdin_open_ || !pending_.empty()) return;
  char chunk[kChunkBytes];
  const ssize_t got = read(kStdin, chunk, sizeof chunk);
  if (got > 0)
    pending_.assign(chunk, static_cast<size_t>(got));
  else if (got == 0 || (errno != EINTR && errno != EAGAIN))
    stdin_open_ = false;
}

void TerminalProxy::on_master(short events) {
  if (!master_open_) return;
  if (!pending_.empty()) {
    const ssize_t put = write(master_.raw(), pending_.data(), pending_.size());
    if (put > 0) pending_.erase(0, static_cast<size_t>(put));
    if (put < 0 && errno != EAGAIN && errno != EINTR) pending_.clear();
  }
  if (!(events & (POLLIN | POLLHUP | POLLERR))) return;
  char chunk[kChunkBytes];
  const ssize_t got = read(master_.raw(), chunk, sizeof chunk);
  if (got > 0) {
    // A reader of our stdout that went away must not end the container.
    if (stdout_open_ && !write_all(FdRef(kStdout), std::string_view(chunk, static_cast<size_t>(got))))
      stdout_open_ = false;
  } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
    master_open_ = false;  // EIO: every slave is closed
  }
}

void TerminalProxy::resize() const {
  winsize size;
  if (ioctl(kStdin, TIOCGWINSZ, &size) == 0) ioctl(master_.raw(), TIOCSWINSZ, &size);
}

void TerminalProxy::drain() {
  pending_.clear();
  for (;;) {
    pollfd entry = {master_.raw(), POLLIN, 0};
    if (!master_open_ || poll(&entry, 1, 0) <= 0 || !(entry.revents & POLLIN)) return;
    on_master(entry.revents);
  }
}

}  // namespace nemoclaw::container
