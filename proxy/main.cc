// nemoclaw-proxy: the egress proxy of one sandbox (docs/sandbox.md).
#include <cstdio>

#include "nemoclaw_version.h"
#include "proxy/serve/serve.h"

int main(int argc, char** argv) {
  using namespace nemoclaw;
  const Result<serve::Options> options = serve::parse_options(argc, argv);
  if (!options) {
    fprintf(stderr, "nemoclaw-proxy: %s\n", options.error().message.c_str());
    return options.error().exit_code;
  }
  if (options->show_version) {
    printf("nemoclaw-proxy %s\n", NEMOCLAW_VERSION);
    return 0;
  }
  const Result<void> served = serve::run_proxy(*options);
  if (served) return 0;
  fprintf(stderr, "nemoclaw-proxy: %s\n", served.error().message.c_str());
  serve::report_ready(options->ready_fd, &served.error());
  return 1;
}
