#include "proxy/serve/options.h"

#include <getopt.h>

#include <charconv>
#include <string_view>

namespace nemoclaw::serve {

namespace {

Result<int> descriptor_number(const char* option, std::string_view text) {
  int number = -1;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || stop != text.data() + text.size() || number < 0)
    return Error{0, std::string(option) + ": not a descriptor number: " + quoted(text), 2};
  return number;
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  static const option kOptions[] = {{"sandbox-dir", required_argument, nullptr, 'd'},
                                    {"ready-fd", required_argument, nullptr, 'r'},
                                    {"host-net-fd", required_argument, nullptr, 'n'},
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
      case 'r':
        options.ready_fd = TRY(descriptor_number("--ready-fd", optarg));
        break;
      case 'n':
        options.host_net_fd = TRY(descriptor_number("--host-net-fd", optarg));
        break;
      default:
        return Error{0, "unknown option or missing value: " + quoted(argv[optind - 1]), 2};
    }
  }
  if (optind < argc) return Error{0, "unexpected argument " + quoted(argv[optind]), 2};
  if (!options.show_version && options.sandbox_directory.empty())
    return Error{0, "usage: nemoclaw-proxy --sandbox-dir DIR --ready-fd N [--host-net-fd N] [--config FILE]", 2};
  return options;
}

}  // namespace nemoclaw::serve
