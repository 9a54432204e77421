#include "proxy/audit/log.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::audit {

namespace {

constexpr off_t kTailBytes = 64 << 10;  // longer than any line can be

int64_t now_ms() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::optional<uint64_t> sequence_of(std::string_view line) {
  const Result<json::Value> value = json::parse(line);
  if (!value) return std::nullopt;
  const json::Value* number = value->find("sequence");
  if (!number || number->type != json::Type::Integer || number->negative) return std::nullopt;
  return number->magnitude;
}

}  // namespace

std::string sha256_hex(std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  std::string hex;
  if (EVP_Digest(data.data(), data.size(), digest, &size, EVP_sha256(), nullptr) != 1) return hex;
  for (unsigned i = 0; i < size; ++i) hex += format("%02x", digest[i]);
  return hex;
}

Result<Log> Log::open(const std::string& file, Origin origin) {
  Fd fd = TRY(open_file(file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0640));
  Log log = TRY_CONTEXT(take_over(std::move(fd), std::move(origin)), "audit " + quoted(file));
  return log;
}

Result<Log> Log::take_over(Fd file, Origin origin) {
  Log log(std::move(file), std::move(origin));
  TRY(log.resume());
  return log;
}

Result<void> Log::resume() {
  struct stat status;
  if (fstat(file_.raw(), &status) != 0) return errno_error("stat");
  if (!S_ISREG(status.st_mode)) return make_error("not a regular file");
  const off_t start = status.st_size > kTailBytes ? status.st_size - kTailBytes : 0;
  std::string tail(static_cast<size_t>(status.st_size - start), '\0');
  for (size_t used = 0; used < tail.size();) {
    const ssize_t got =
        pread(file_.raw(), tail.data() + used, tail.size() - used, start + static_cast<off_t>(used));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return errno_error("read the end of the file");
    used += static_cast<size_t>(got);
  }
  if (tail.empty()) return {};
  torn_ = tail.back() != '\n';
  if (!torn_) tail.pop_back();
  // A torn line has no readable number: the count goes on from the line before it, and the chain shows the
  // tear.
  std::string_view rest = tail;
  for (int lines = 0; lines < 2; ++lines) {
    const size_t newline = rest.rfind('\n');
    const std::string_view line = newline == std::string_view::npos ? rest : rest.substr(newline + 1);
    if (lines == 0) previous_ = sha256_hex(line);
    if (const std::optional<uint64_t> number = sequence_of(line)) {
      sequence_ = *number;
      return {};
    }
    if (newline == std::string_view::npos) return {};
    rest = rest.substr(0, newline);
  }
  return {};
}

Result<void> Log::append(const Event& event) {
  if (!shared_) return append_next(event);
  // Of the process and not of the open file, which both workers have from their holder.
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  while (fcntl(file_.raw(), F_SETLKW, &lock) != 0)
    if (errno != EINTR) return errno_error("lock the audit");
  Result<void> done = resume();
  if (done) done = append_next(event);
  lock.l_type = F_UNLCK;
  fcntl(file_.raw(), F_SETLK, &lock);
  return done;
}

Result<void> Log::append_next(const Event& event) {
  const std::string line = render_event(event, origin_, now_ms(), sequence_ + 1, previous_);
  std::string text = torn_ ? "\n" : "";
  text += line;
  text += '\n';
  ssize_t put;
  do put = write(file_.raw(), text.data(), text.size());
  while (put < 0 && errno == EINTR);
  if (put < 0) return errno_error("write the audit");
  if (static_cast<size_t>(put) != text.size()) {
    // Part of the line is on the disk and cannot be taken back from an append-only file: it is a link of the
    // chain.
    const size_t newline = torn_ ? 1 : 0, written = static_cast<size_t>(put);
    torn_ = written > newline;
    if (torn_) previous_ = sha256_hex(std::string_view(text).substr(newline, written - newline));
    return Error{ENOSPC, "write the audit: only a part of the line could be written", 1};
  }
  torn_ = false;
  ++sequence_;
  previous_ = sha256_hex(line);
  return {};
}

}  // namespace nemoclaw::audit
