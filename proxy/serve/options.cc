#include "proxy/serve/options.h"

#include <getopt.h>

#include <charconv>
#include <string_view>

namespace nemoclaw::serve {

namespace {

template <typename Number>
Result<Number> number_of(const char* option, std::string_view text) {
  Number number = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || code != std::errc() || stop != text.data() + text.size() || number + 1 < 1)
    return Error{0, std::string(option) + ": not a number: " + quoted(text), 2};
  return number;
}

Result<Options::Inherited> socket_of(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == text.npos || equals == 0)
    return Error{0, "--socket: expected NAME=FD, got " + quoted(text), 2};
  const int fd = TRY(number_of<int>("--socket", text.substr(equals + 1)));
  return Options::Inherited{std::string(text.substr(0, equals)), fd};
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  static const option kOptions[] = {
      {"sandbox-dir", required_argument, nullptr, 'd'}, {"config", required_argument, nullptr, 'c'},
      {"holder-fd", required_argument, nullptr, 'h'},   {"socket", required_argument, nullptr, 's'},
      {"restarts", required_argument, nullptr, 'r'},    {"last-end", required_argument, nullptr, 'e'},
      {"beside-another", no_argument, nullptr, 'b'},    {"pin-binaries", required_argument, nullptr, 'p'},
      {"version", no_argument, nullptr, 'v'},           {nullptr, 0, nullptr, 0}};
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
      case 'p':
        options.pin_directory = optarg;
        break;
      case 'e':
        options.last_end = optarg;
        break;
      case 'b':
        options.beside_another = true;
        break;
      case 'v':
        options.show_version = true;
        break;
      case 'h':
        options.holder_fd = TRY(number_of<int>("--holder-fd", optarg));
        break;
      case 's':
        options.sockets.push_back(TRY(socket_of(optarg)));
        break;
      case 'r':
        options.restarts = TRY(number_of<uint64_t>("--restarts", optarg));
        break;
      default:
        return Error{0, "unknown option or missing value: " + quoted(argv[optind - 1]), 2};
    }
  }
  if (optind < argc) return Error{0, "unexpected argument " + quoted(argv[optind]), 2};
  if (options.show_version || !options.pin_directory.empty()) return options;
  if (options.sandbox_directory.empty() || options.holder_fd < 0)
    return Error{
        0, "nemoclaw-proxy starts this program: --sandbox-dir DIR --holder-fd N --socket NAME=FD ...", 2};
  return options;
}

}  // namespace nemoclaw::serve
