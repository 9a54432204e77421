#include "proxy/holder/options.h"

#include <getopt.h>

#include <charconv>
#include <string_view>

namespace nemoclaw::holder {

namespace {

constexpr const char* kUsage =
    "usage: nemoclaw-proxy --sandbox-dir DIR --audit-file FILE --user UID:GID [--ready-fd N] [--host-net-fd N] "
    "[--look-fd N] "
    "[--config FILE]";

template <typename Number>
Result<Number> number_of(const char* option, std::string_view text) {
  Number number = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || code != std::errc() || stop != text.data() + text.size() || number + 1 < 1)
    return Error{0, std::string(option) + ": not a number: " + quoted(text), 2};
  return number;
}

Result<confine::ProxyUser> user_of(std::string_view text) {
  const size_t colon = std::min(text.find(':'), text.size());
  confine::ProxyUser user;
  user.uid = TRY(number_of<uid_t>("--user", text.substr(0, colon)));
  user.gid = TRY(number_of<gid_t>("--user", colon < text.size() ? text.substr(colon + 1) : text));
  if (user.uid == 0 || user.gid == 0) return Error{0, "--user: the proxy must not run as root", 2};
  return user;
}

Result<Socket> socket_of(std::string_view text) {
  const size_t equals = std::min(text.find('='), text.size());
  const int fd = TRY(number_of<int>("--socket", text.substr(std::min(equals + 1, text.size()))));
  return Socket{std::string(text.substr(0, equals)), Fd(fd)};
}

Result<void> take(Options& options, int which, const char* value) {
  switch (which) {
    case 'd':
      options.sandbox_directory = value;
      return {};
    case 'c':
      options.config_file = value;
      return {};
    case 'a':
      options.audit_file = value;
      return {};
    case 'v':
      options.show_version = true;
      return {};
    case 'u':
      options.user = TRY(user_of(value));
      return {};
    case 'l':
      options.look_fd = TRY(number_of<int>("--look-fd", value));
      return {};
    case 'r':
      options.ready_fd = TRY(number_of<int>("--ready-fd", value));
      return {};
    case 'n':
      options.host_net_fd = TRY(number_of<int>("--host-net-fd", value));
      return {};
    case 's':
      options.sockets.push_back(TRY(socket_of(value)));
      options.resumed = true;
      return {};
    case 'w':
      options.worker = TRY(number_of<pid_t>("--worker", value));
      return {};
    case 'o':
      options.draining.push_back(TRY(number_of<pid_t>("--draining", value)));
      return {};
    case 'p':
      options.worker_pipe = TRY(number_of<int>("--worker-pipe", value));
      return {};
    case 'k':
      options.restarts = TRY(number_of<uint64_t>("--restarts", value));
      return {};
    case 'g':
      options.upgrades = TRY(number_of<uint64_t>("--upgrades", value));
      return {};
    default:
      return Error{0, std::string("unknown option or missing value; ") + kUsage, 2};
  }
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  static const option kOptions[] = {
      {"sandbox-dir", required_argument, nullptr, 'd'}, {"config", required_argument, nullptr, 'c'},
      {"audit-file", required_argument, nullptr, 'a'},  {"user", required_argument, nullptr, 'u'},
      {"ready-fd", required_argument, nullptr, 'r'},    {"host-net-fd", required_argument, nullptr, 'n'},
      {"look-fd", required_argument, nullptr, 'l'},
      {"socket", required_argument, nullptr, 's'},      {"worker", required_argument, nullptr, 'w'},
      {"draining", required_argument, nullptr, 'o'},    {"worker-pipe", required_argument, nullptr, 'p'},
      {"restarts", required_argument, nullptr, 'k'},    {"upgrades", required_argument, nullptr, 'g'},
      {"version", no_argument, nullptr, 'v'},           {nullptr, 0, nullptr, 0}};
  Options options;
  opterr = 0;
  optind = 1;
  for (int which; (which = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;)
    TRY(take(options, which, optarg));
  if (optind < argc) return Error{0, "unexpected argument " + quoted(argv[optind]), 2};
  if (!options.show_version && (options.sandbox_directory.empty() || options.audit_file.empty()))
    return Error{0, kUsage, 2};
  return options;
}

}  // namespace nemoclaw::holder
