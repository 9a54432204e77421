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

constexpr off_t kTailBytes = kLineBytesMax + 1;  // a whole line, and the end of the one before

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

// A lock of the process and not of the open file, which all workers have from their holder.
class FileLock {
 public:
  static Result<FileLock> take(FdRef file) {
    FileLock lock(file);
    while (lock.set(F_WRLCK, F_SETLKW) != 0)
      if (errno != EINTR) return errno_error("lock the audit");
    lock.held_ = true;
    return lock;
  }
  FileLock(FileLock&& other) noexcept : file_(other.file_), held_(std::exchange(other.held_, false)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock() {
    if (held_) set(F_UNLCK, F_SETLK);
  }

 private:
  explicit FileLock(FdRef file) : file_(file) {}
  int set(short type, int command) const {
    struct flock lock = {};
    lock.l_type = type;
    return fcntl(file_.raw(), command, &lock);
  }
  FdRef file_;
  bool held_ = false;
};

}  // namespace

std::string sha256_hex(std::string_view data) {
  // Fetched once: looking the algorithm up takes longer than a line's digest.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static EVP_MD_CTX* const context = EVP_MD_CTX_new();
  static constexpr char kDigits[] = "0123456789abcdef";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  std::string hex;
  if (!algorithm || !context || EVP_DigestInit_ex2(context, algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(context, data.data(), data.size()) != 1 ||
      EVP_DigestFinal_ex(context, digest, &size) != 1)
    return hex;
  hex.reserve(size * size_t{2});
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

Result<Log> Log::open(const std::string& file, Origin origin) {
  Fd fd = TRY(open_file(file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0640));
  Log log = TRY_CONTEXT(take_over(std::move(fd), std::move(origin)), "audit " + quoted(file));
  return log;
}

Result<Log> Log::take_over(Fd file, Origin origin) {
  Log log(std::move(file), std::move(origin));
  const FileLock lock = TRY(FileLock::take(log.file_));
  std::string tail = TRY(log.read_tail());
  TRY(log.cut_torn_line(tail));
  log.take_up(tail);
  return log;
}

Result<std::string> Log::read_tail() const {
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
  return tail;
}

// Half a line was never acknowledged to anybody: it is taken back, and what it was is said in the chain.
Result<void> Log::cut_torn_line(std::string& tail) {
  if (tail.empty() || tail.back() == '\n') return {};
  const size_t newline = tail.rfind('\n');
  if (newline == tail.npos && tail.size() >= static_cast<size_t>(kTailBytes))
    return make_error("the file does not end in a line of the audit");
  const size_t kept = newline == tail.npos ? 0 : newline + 1;
  const std::string_view torn = std::string_view(tail).substr(kept);
  struct stat status;
  if (fstat(file_.raw(), &status) != 0) return errno_error("stat");
  if (ftruncate(file_.raw(), status.st_size - static_cast<off_t>(torn.size())) != 0)
    return errno_error("take back the half-written line");
  Notice notice;
  notice.title = "audit repaired";
  notice.message = "the last line was written only in part by a process that ended; it was taken back";
  notice.details = {{"removed_bytes", std::to_string(torn.size())}, {"removed_sha256", sha256_hex(torn)}};
  repair_ = std::move(notice);
  tail.resize(kept);
  return {};
}

void Log::take_up(std::string_view tail) {
  if (tail.empty()) return;
  torn_ = tail.back() != '\n';
  if (!torn_) tail.remove_suffix(1);
  // A torn line has no readable number: the count goes on from the line before it, and the chain shows the
  // tear.
  for (int lines = 0; lines < 2; ++lines) {
    const size_t newline = tail.rfind('\n');
    const std::string_view line = newline == tail.npos ? tail : tail.substr(newline + 1);
    if (lines == 0) previous_ = sha256_hex(line);
    if (const std::optional<uint64_t> number = sequence_of(line)) {
      sequence_ = *number;
      return;
    }
    if (newline == tail.npos) return;
    tail = tail.substr(0, newline);
  }
}

void Log::share(bool on) {
  if (on == shared_) return;
  if (!on) {  // the other one is gone; what it wrote last comes before our next line
    const Result<std::string> tail = read_tail();
    if (!tail) return;
    take_up(*tail);
  }
  shared_ = on;
}

Result<void> Log::append(const Event& event) { return append_any(event); }

Result<void> Log::append(const Notice& notice) { return append_any(notice); }

template <typename Record>
Result<void> Log::append_any(const Record& record) {
  if (!shared_) return append_next(record);
  const FileLock lock = TRY(FileLock::take(file_));
  take_up(TRY(read_tail()));
  return append_next(record);
}

template <typename Record>
Result<void> Log::append_next(const Record& record) {
  const std::string line = render_event(record, origin_, now_ms(), sequence_ + 1, previous_);
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
