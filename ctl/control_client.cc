#include "ctl/control_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

constexpr size_t kAnswerBytesMax = size_t{1} << 20;

Result<Fd> connect_control(const std::string& path, int seconds) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A container's id may be too long for sun_path; the directory is then reached through its descriptor.
  const size_t slash = path.rfind('/');
  const Fd directory = TRY(open_file(path.substr(0, slash), O_PATH | O_DIRECTORY));
  const std::string name = format("/proc/self/fd/%d/%s", directory.raw(), path.c_str() + slash + 1);
  if (name.size() >= sizeof address.sun_path) return make_error(path + ": name too long");
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return errno_error("socket");
  const timeval limit{.tv_sec = seconds, .tv_usec = 0};
  setsockopt(socket.raw(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket.raw(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(socket.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error("connect to " + path);
  return socket;
}

Result<std::string> read_line(FdRef socket) {
  std::string line;
  char bytes[4096];
  while (line.size() < kAnswerBytesMax) {
    const ssize_t length = read(socket.raw(), bytes, sizeof bytes);
    if (length < 0) return errno_error("read the proxy's answer");
    if (length == 0) break;
    line.append(bytes, static_cast<size_t>(length));
    if (const size_t end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
  }
  return make_error("the proxy closed its control socket without an answer");
}

}  // namespace

Result<json::Value> request_of_proxy(const std::string& sandbox_directory, const std::string& request,
                                     int seconds) {
  const Fd socket = TRY(connect_control(sandbox_directory + "/control.sock", seconds));
  TRY_CONTEXT(write_all(socket, request + "\n"), "ask the proxy");
  const std::string line = TRY(read_line(socket));
  json::Value answer = TRY_CONTEXT(json::parse(line), "the proxy's answer");
  const json::Value* ok = answer.find("ok");
  if (ok && ok->boolean) return answer;
  const json::Value* error = answer.find("error");
  return make_error(error && error->is_string() ? error->string : "the proxy refused without a reason");
}

Result<json::Value> ask_proxy(const std::string& sandbox_directory, const std::string& operation) {
  json::Writer request;
  request.begin_object().member("op", operation).end_object();
  return TRY_CONTEXT(request_of_proxy(sandbox_directory, request.take()),
                     "the proxy refused '" + operation + "'");
}

}  // namespace nemoclaw::ctl
