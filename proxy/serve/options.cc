#include "proxy/serve/options.h"

#include <getopt.h>

#include <charconv>
#include <cstring>

namespace nemoclaw::serve {

Result<Options> parse_options(int argc, char** argv) {
  static const option kOptions[] = {{"sandbox-dir", required_argument, nullptr, 'd'},
                                    {"ready-fd", required_argument, nullptr, 'r'},
                                    {"config", required_argument, nullptr, 'c'},
                                    {"version", no_argument, nullptr, 'v'},
                                    {nullptr, 0, nullptr, 0}};
  Options options;
  opterr = 0;
  optind = 1;
  for (int which; (which = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (which) {
      case 'd':
        options.sandbox_directory = optarg;
        break;
      case 'c':
        options.config_file = optarg;
        break;
      case 'v':
        options.show_version = true;
        break;
      case 'r': {
        const char* end = optarg + strlen(optarg);
        const auto [stop, code] = std::from_chars(optarg, end, options.ready_fd);
        if (code != std::errc() || stop != end || options.ready_fd < 0)
          return Error{0, "--ready-fd: not a descriptor number: " + quoted(optarg), 2};
        break;
      }
      default:
        return Error{0, "unknown option or missing value: " + quoted(argv[optind - 1]), 2};
    }
  }
  if (optind < argc) return Error{0, "unexpected argument " + quoted(argv[optind]), 2};
  if (!options.show_version && options.sandbox_directory.empty())
    return Error{0, "usage: nemoclaw-proxy --sandbox-dir DIR --ready-fd N [--config FILE]", 2};
  return options;
}

}  // namespace nemoclaw::serve
