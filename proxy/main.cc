// nemoclaw-proxy-worker: the egress proxy of one sandbox, as its holder (nemoclaw-proxy) starts it
// (docs/sandbox.md).
#include <cstdio>

#include "nemoclaw_version.h"
#include "proxy/serve/container_setup.h"
#include "proxy/serve/serve.h"

int main(int argc, char** argv) {
  using namespace nemoclaw;
  const Result<serve::Options> options = serve::parse_options(argc, argv);
  if (!options) {
    fprintf(stderr, "nemoclaw-proxy-worker: %s\n", options.error().message.c_str());
    return options.error().exit_code;
  }
  if (options->show_version) {
    printf("nemoclaw-proxy-worker %s\n", NEMOCLAW_VERSION);
    return 0;
  }
  if (!options->pin_directory.empty()) {
    const Result<void> pinned = serve::pin_binaries(options->pin_directory);
    if (!pinned) fprintf(stderr, "nemoclaw-proxy-worker: %s\n", pinned.error().message.c_str());
    return pinned ? 0 : 1;
  }
  const Result<void> served = serve::run_worker(*options);
  if (served) return 0;
  fprintf(stderr, "nemoclaw-proxy-worker: %s\n", served.error().message.c_str());
  serve::tell_holder(options->holder_fd, "E" + served.error().message);
  return 1;
}
