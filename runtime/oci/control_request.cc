#include "runtime/oci/control_request.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::oci {

namespace {

constexpr size_t kAnswerBytesMax = size_t{1} << 20;
constexpr int kTimeoutSeconds = 10;

Result<Fd> connect_control(const std::string& sandbox_directory) {
  // A container's id may be too long for sun_path; the directory is reached through its descriptor.
  const Fd directory = TRY(open_file(sandbox_directory, O_PATH | O_DIRECTORY));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fd_path(directory) + "/control.sock";
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_error("socket");
  const timeval limit{.tv_sec = kTimeoutSeconds, .tv_usec = 0};
  setsockopt(fd.raw(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.raw(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  while (connect(fd.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    if (errno != EINTR) return errno_error("connect to the control socket");
  return fd;
}

Result<std::string> read_line(FdRef socket) {
  std::string line;
  while (line.find('\n') == std::string::npos) {
    char chunk[4096];
    const ssize_t got = read(socket.raw(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return make_error(format("no answer within %d s", kTimeoutSeconds));
    if (got < 0) return errno_error("read");
    if (got == 0) return make_error("the connection was closed without an answer");
    line.append(chunk, static_cast<size_t>(got));
    if (line.size() > kAnswerBytesMax) return make_error("the answer is too long");
  }
  line.resize(line.find('\n'));
  return line;
}

}  // namespace

std::string encode_container_request(std::string_view operation, std::string_view container) {
  json::Writer writer;
  writer.begin_object().member("op", operation).member("container", container).end_object();
  return writer.take();
}

Result<json::Value> check_control_answer(std::string_view line) {
  json::Value answer = TRY(json::parse(line));
  const json::Value* ok = answer.find("ok");
  if (ok && ok->type == json::Type::Boolean && ok->boolean) return answer;
  const json::Value* text = answer.find("error");
  return make_error(text && text->is_string() ? text->string : "it refused: " + quoted(line));
}

Result<json::Value> ask_sandbox_proxy(const std::string& sandbox_directory, const std::string& request) {
  const Fd socket = TRY(connect_control(sandbox_directory));
  TRY(write_all(socket, request + "\n"));
  const std::string answer = TRY(read_line(socket));
  return check_control_answer(answer);
}

}  // namespace nemoclaw::oci
