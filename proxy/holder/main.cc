// nemoclaw-proxy: the holder of one sandbox's egress proxy (docs/sandbox.md).
#include <unistd.h>

#include <cstdio>

#include "nemoclaw_version.h"
#include "proxy/holder/holder.h"
#include "runtime/base/sys_process.h"

int main(int argc, char** argv) {
  using namespace nemoclaw;
  Result<holder::Options> options = holder::parse_options(argc, argv);
  if (!options) {
    fprintf(stderr, "nemoclaw-proxy: %s\n", options.error().message.c_str());
    return options.error().exit_code;
  }
  if (options->show_version) {
    printf("nemoclaw-proxy %s\n", NEMOCLAW_VERSION);
    return 0;
  }
  clearenv();
  // By the path that it was started with: after an upgrade of the package the running file has another one.
  options->program = argv[0];
  if (options->program.empty() || options->program.front() != '/') {
    const Result<std::string> path = sys::program_path();
    if (path) options->program = *path;
  }
  const int ready_fd = options->ready_fd;
  const Result<void> held = holder::run_holder(std::move(*options));
  if (held) return 0;
  fprintf(stderr, "nemoclaw-proxy: %s\n", held.error().message.c_str());
  holder::report_failure(ready_fd, held.error());
  return 1;
}
