#include "proxy/holder/upgrade.h"

#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/sys_process.h"

namespace nemoclaw::holder {

std::vector<std::string> resume_arguments(const Options& options, const Sockets& sockets, FdRef record) {
  std::vector<std::string> words = {
      options.program,
      "--sandbox-dir",
      options.sandbox_directory,
      "--audit-file",
      options.audit_file,
      "--user",
      std::to_string(options.user.uid) + ":" + std::to_string(options.user.gid)};
  if (!options.config_file.empty()) words.insert(words.end(), {"--config", options.config_file});
  for (const Socket& socket : sockets)
    words.insert(words.end(), {"--socket", socket.name + "=" + std::to_string(socket.fd.raw())});
  words.insert(words.end(), {"--socket", "record=" + std::to_string(record.raw())});
  words.insert(
      words.end(),
      {"--worker", std::to_string(options.worker), "--worker-pipe", std::to_string(options.worker_pipe),
       "--restarts", std::to_string(options.restarts), "--upgrades", std::to_string(options.upgrades)});
  for (const pid_t older : options.draining) words.insert(words.end(), {"--draining", std::to_string(older)});
  return words;
}

Result<void> try_program(std::vector<std::string> words) {
  words.push_back("--version");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return errno_error("fork");
  if (pid == 0) {
    char* environment[] = {nullptr};
    execve(arguments[0], arguments.data(), environment);
    _exit(127);
  }
  const int status = TRY(sys::wait_process(pid));
  if (status == 0) return {};
  return make_error(words[0] + " does not start: " + sys::describe_wait_status(status));
}

Error execute_again(const Options& options, const Sockets& sockets, FdRef record) {
  std::vector<std::string> words = resume_arguments(options, sockets, record);
  if (const Result<void> starts = try_program(words); !starts) return starts.error();
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<int> kept = {record.raw(), options.worker_pipe};
  for (const Socket& socket : sockets) kept.push_back(socket.fd.raw());
  for (const int fd : kept) (void)set_cloexec(FdRef(fd), false);
  char* environment[] = {nullptr};
  execve(arguments[0], arguments.data(), environment);
  Error error = errno_error("execute " + options.program);
  for (const int fd : kept) (void)set_cloexec(FdRef(fd), true);
  return error;
}

}  // namespace nemoclaw::holder
