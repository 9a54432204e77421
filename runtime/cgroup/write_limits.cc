#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/cgroup/tree.h"

namespace nemoclaw::cgroup {

namespace {

// The devices controller gets a dozen writes to one file: it is opened once for those that follow each other.
class Writer {
 public:
  explicit Writer(FdRef directory) : directory_(directory) {}

  Result<void> put(const std::string& file, const std::string& value) {
    if (file != name_) {
      file_ = TRY(open_file(directory_, file, O_WRONLY));
      name_ = file;
    }
    ssize_t written;
    do written = pwrite(file_.raw(), value.data(), value.size(), 0);
    while (written < 0 && errno == EINTR);
    if (written < 0) return errno_error("write");
    if (static_cast<size_t>(written) != value.size()) return make_error("short write to " + quoted(file));
    return {};
  }

 private:
  FdRef directory_;
  std::string name_;
  Fd file_;
};

Result<void> write_one(Writer& files, const FileWrite& write) {
  Result<void> done = files.put(write.file, write.value);
  if (done || done.error().errno_value != ENOENT) return done;
  if (!write.other_file.empty()) {
    done = files.put(write.other_file, write.other_value);
    if (done || done.error().errno_value != ENOENT) return done;
  }
  if (write.optional) return {};
  return done;
}

Error explain(const std::string& directory, const FileWrite& write, const Error& cause) {
  Error error = errno_error("write " + quoted(write.value, 80) + " to " + directory + "/" + write.file,
                            cause.errno_value);
  if (cause.errno_value == ENOENT) {
    error.message += ": this kernel or its cgroup set-up does not offer that limit";
  } else if (cause.errno_value == EBUSY && write.file.starts_with("memory.")) {
    const std::optional<uint64_t> usage = read_number(directory + "/memory.usage_in_bytes");
    if (usage)
      error.message += format(": memory limit too low, the container uses %llu bytes",
                              static_cast<unsigned long long>(*usage));
  }
  return error;
}

}  // namespace

Result<void> write_limits(const std::string& directory, const std::vector<const FileWrite*>& writes) {
  if (writes.empty()) return {};
  const Fd folder = TRY(open_file(directory, O_PATH | O_DIRECTORY));
  Writer files(folder);
  std::vector<const FileWrite*> later;
  for (const FileWrite* each : writes) {
    const Result<void> done = write_one(files, *each);
    if (done) continue;
    if (done.error().errno_value != EINVAL) return explain(directory, *each, done.error());
    later.push_back(each);
  }
  for (const FileWrite* each : later) {
    const Result<void> done = write_one(files, *each);
    if (!done) return explain(directory, *each, done.error());
  }
  return {};
}

}  // namespace nemoclaw::cgroup
