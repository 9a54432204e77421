#include "runtime/cli/sandbox_start.h"

#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/path.h"
#include "runtime/cli/sandbox_directory.h"
#include "runtime/container/unix_socket.h"

namespace nemoclaw::cli {

namespace {

constexpr size_t kFileBytesMax = size_t{1} << 20;
constexpr int kAnswerTimeoutSeconds = 10;

// The file that the container will see: the host's source of a bind mount, else the image's own, looked up
// inside the rootfs. A missing file is an empty one; an unreadable one is an error.
Result<std::string> read_container_file(const std::string& host_path, const std::string& rootfs,
                                        const char* path) {
  Result<Fd> fd = Error{};
  if (!host_path.empty()) {
    fd = open_file(host_path, O_RDONLY | O_NONBLOCK);
  } else {
    const Fd root = TRY(open_file(rootfs, O_PATH | O_DIRECTORY));
    fd = open_in_root(root, path, O_RDONLY | O_NONBLOCK);
  }
  if (!fd) {
    if (fd.error().errno_value == ENOENT) return std::string();
    return std::move(fd).error();
  }
  struct stat status;
  if (fstat(fd->raw(), &status) != 0 || !S_ISREG(status.st_mode))
    return make_error(std::string(path) + " is not a regular file");
  return TRY_CONTEXT(read_all(*fd, kFileBytesMax), path);
}

Result<std::string> read_line(FdRef socket) {
  std::string line;
  while (line.find('\n') == std::string::npos) {
    char chunk[4096];
    const ssize_t got = read(socket.raw(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return make_error(format("no answer within %d s", kAnswerTimeoutSeconds));
    if (got < 0) return errno_error("read");
    if (got == 0) return make_error("the connection was closed without an answer");
    line.append(chunk, static_cast<size_t>(got));
    if (line.size() > kFileBytesMax) return make_error("the answer is too long");
  }
  line.resize(line.find('\n'));
  return line;
}

Result<void> send_request(FdRef directory, const std::string& request) {
  const Fd socket = TRY(container::connect_at(directory, "control.sock"));
  const timeval limit = {kAnswerTimeoutSeconds, 0};
  setsockopt(socket.raw(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket.raw(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  TRY(write_all(socket, request));
  const std::string answer = TRY(read_line(socket));
  return check_start_response(answer);
}

Result<void> announce(const std::string& state_directory) {
  char target[PATH_MAX];
  const ssize_t length = readlink((state_directory + "/" + kSandboxLink).c_str(), target, sizeof target);
  if (length < 0) return errno_error("find the sandbox directory");
  const std::string path(target, static_cast<size_t>(length));
  const oci::SandboxRecord record = TRY(oci::read_sandbox_record(path));
  const std::string resolv_conf =
      TRY(read_container_file(record.resolv_conf, record.rootfs, "/etc/resolv.conf"));
  const std::string hosts = TRY(read_container_file(record.hosts, record.rootfs, "/etc/hosts"));
  const Fd directory = TRY(open_file(path, O_PATH | O_DIRECTORY));
  return send_request(directory, encode_start_request(resolv_conf, hosts));
}

}  // namespace

std::string encode_start_request(const std::string& resolv_conf, const std::string& hosts) {
  json::Writer writer;
  writer.begin_object()
      .member("op", "start")
      .member("resolv_conf", resolv_conf)
      .member("hosts", hosts)
      .end_object();
  return writer.take() + "\n";
}

Result<void> check_start_response(std::string_view line) {
  const json::Value answer = TRY(json::parse(line));
  const json::Value* ok = answer.find("ok");
  if (ok && ok->type == json::Type::Boolean && ok->boolean) return {};
  const json::Value* text = answer.find("error");
  return make_error(text && text->is_string() ? text->string : "it refused: " + quoted(line));
}

container::BeforeRelease announce_start(const container::StateStore& store) {
  return [root = store.root()](const oci::StateRecord& record) -> Result<void> {
    if (record.sandbox_id.empty() || record.sandbox_id != record.id) return {};
    Result<void> announced = announce(root + "/" + record.id);
    if (announced) return {};
    return std::move(announced).error().with_context(
        "the sandbox's egress proxy is not ready, so nothing was started");
  };
}

}  // namespace nemoclaw::cli
