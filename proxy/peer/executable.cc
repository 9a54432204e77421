#include "proxy/peer/executable.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "runtime/base/file.h"

namespace nemoclaw::peer {

FileKey file_key(const struct stat& status) {
  const auto ns = [](const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  return FileKey{status.st_dev, status.st_ino, status.st_size, ns(status.st_mtim), ns(status.st_ctim)};
}

Result<Executable> open_executable(FdRef process) {
  Executable executable;
  char target[PATH_MAX];
  const ssize_t length = readlinkat(process.raw(), "exe", target, sizeof target);
  if (length < 0) return errno_error("read the exe link");
  executable.path.assign(target, static_cast<size_t>(length));
  if (static_cast<size_t>(length) == sizeof target) return make_error("the executable's path is too long");
  executable.file = TRY_CONTEXT(open_file(process, "exe", O_RDONLY | O_NOCTTY), "open the executable");
  struct stat status;
  if (fstat(executable.file.raw(), &status) != 0) return errno_error("stat the executable");
  executable.key = file_key(status);
  // d_path() marks a file without a name; a memfd never had one. A real name that ends like this is refused
  // as well.
  if (status.st_nlink == 0 || executable.path.ends_with(" (deleted)"))
    return make_error("the executable " + quoted(executable.path) +
                      " was deleted or replaced, or never had a name");
  if (executable.path.empty() || executable.path.front() != '/')
    return make_error("the executable " + quoted(executable.path) + " is not reachable by a path");
  return executable;
}

struct HashJob::State {
  Fd file;
  EVP_MD_CTX* context = nullptr;
  off_t offset = 0;
  ~State() { EVP_MD_CTX_free(context); }
};

HashJob::HashJob() = default;
HashJob::HashJob(HashJob&&) noexcept = default;
HashJob& HashJob::operator=(HashJob&&) noexcept = default;
HashJob::~HashJob() = default;

Result<HashJob> HashJob::create(FdRef file) {
  struct stat status;
  if (fstat(file.raw(), &status) != 0) return errno_error("stat the executable");
  if (status.st_size > kExecutableBytesMax)
    return make_error(format("the executable has %lld bytes, too many to be identified",
                             static_cast<long long>(status.st_size)));
  HashJob job;
  job.state_ = std::make_unique<State>();
  job.state_->file = Fd(fcntl(file.raw(), F_DUPFD_CLOEXEC, 0));
  if (!job.state_->file.valid()) return errno_error("duplicate the executable's descriptor");
  job.state_->context = EVP_MD_CTX_new();
  if (!job.state_->context || EVP_DigestInit_ex(job.state_->context, EVP_sha256(), nullptr) != 1)
    return make_error("SHA-256 is not available in OpenSSL");
  return job;
}

Result<std::optional<std::string>> HashJob::step(size_t bytes_max) {
  std::vector<char> buffer(std::min<size_t>(bytes_max, 128 << 10));
  for (size_t done = 0; done < bytes_max;) {
    const ssize_t got = pread(state_->file.raw(), buffer.data(), buffer.size(), state_->offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read the executable");
    if (got == 0) {
      unsigned char digest[EVP_MAX_MD_SIZE];
      unsigned size = 0;
      if (EVP_DigestFinal_ex(state_->context, digest, &size) != 1) return make_error("SHA-256 failed");
      std::string hex;
      for (unsigned i = 0; i < size; ++i) hex += format("%02x", digest[i]);
      return std::optional(std::move(hex));
    }
    if (EVP_DigestUpdate(state_->context, buffer.data(), static_cast<size_t>(got)) != 1)
      return make_error("SHA-256 failed");
    state_->offset += got;
    done += static_cast<size_t>(got);
  }
  return std::optional<std::string>();
}

Result<std::string> hash_file(FdRef file) {
  HashJob job = TRY(HashJob::create(file));
  for (;;) {
    std::optional<std::string> digest = TRY(job.step(size_t{1} << 24));
    if (digest) return std::move(*digest);
  }
}

std::optional<std::string> HashCache::find(const FileKey& key) const {
  const auto entry = digests_.find(key);
  return entry == digests_.end() ? std::nullopt : std::optional(entry->second);
}

void HashCache::store(const FileKey& key, std::string digest, int64_t now_ns) {
  // Written just now, it can be written again before the file system's clock has moved on, and would keep its
  // key.
  if (now_ns < key.ctime_ns + kClockCoarsenessNs) return;
  if (digests_.size() >= kEntriesMax)
    digests_.clear();  // a flood of new binaries costs hashing, never memory
  digests_[key] = std::move(digest);
}

}  // namespace nemoclaw::peer
