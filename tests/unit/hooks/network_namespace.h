// What the tests of the fence in a real kernel share: a network namespace for each case, and nft(8) as the
// judge.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <string>

#include "runtime/base/child.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace nemoclaw::hooks {

// Runs `body` in a fresh network namespace with an interface that has a default route in both families; ""
// means success.
inline std::string in_namespace(const std::function<std::string()>& body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "pipe";
  Fd reader(ends[0]), writer(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    std::string said = unshare(CLONE_NEWNET) == 0 ? body() : "unshare: " + std::string(strerror(errno));
    (void)write_all(writer, said);
    _exit(0);
  }
  writer.reset();
  std::string said = read_all(reader).value_or("read failed");
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? said : said + format(" signal %d", WTERMSIG(status));
}

inline Result<std::string> run_nft(const std::string& commands, std::vector<std::string> options = {}) {
  ChildRequest request;
  request.path = "/usr/sbin/nft";
  request.args = {"nft"};
  for (std::string& option : options) request.args.push_back(std::move(option));
  request.args.insert(request.args.end(), {"-f", "-"});
  request.stdin_text = commands;
  const ChildOutcome outcome = TRY(run_child(request));
  if (!outcome.succeeded()) return make_error("nft: " + outcome.stderr_text);
  return outcome.stdout_text;
}

class NetworkNamespaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root for a network namespace";
    if (in_namespace([] { return std::string(); }) != "")
      GTEST_SKIP() << "network namespaces cannot be made here";
  }
};

}  // namespace nemoclaw::hooks
