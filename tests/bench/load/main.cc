// load: the load generator of tests/bench/proxy, and its origin.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>

#include "client.h"
#include "origin.h"

namespace {

using Setters = std::map<std::string, std::function<void(const char*)>>;

int usage() {
  fputs(
      "usage: load origin --plain ADDRESS:PORT [--tls ADDRESS:PORT --certificate FILE --key FILE]\n"
      "       load client --to ADDRESS:PORT [--connect HOST:PORT] [--tls NAME --ca FILE] [--host HOST] "
      "[--path PATH]\n"
      "            [--connections N] [--requests N] [--fresh 1] [--rate N]\n",
      stderr);
  return 2;
}

bool parse(int argc, char** argv, const Setters& setters) {
  for (int at = 2; at + 1 < argc; at += 2) {
    const auto found = setters.find(argv[at]);
    if (found == setters.end()) return false;
    found->second(argv[at + 1]);
  }
  return argc % 2 == 0;
}

std::function<void(const char*)> into(std::string& text) {
  return [&text](const char* value) { text = value; };
}

std::function<void(const char*)> into(size_t& number) {
  return [&number](const char* value) { number = strtoul(value, nullptr, 10); };
}

}  // namespace

int main(int argc, char** argv) {
  using namespace nemoclaw::load;
  signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && strcmp(argv[1], "origin") == 0) {
    OriginOptions options;
    if (!parse(argc, argv,
               {{"--plain", into(options.plain)},
                {"--tls", into(options.tls)},
                {"--certificate", into(options.certificate)},
                {"--key", into(options.key)}}))
      return usage();
    run_origin(options);
  }
  ClientOptions options;
  const bool parsed = argc > 1 && strcmp(argv[1], "client") == 0 &&
                      parse(argc, argv,
                            {{"--to", into(options.to)},
                             {"--connect", into(options.connect)},
                             {"--tls", into(options.tls)},
                             {"--ca", into(options.ca)},
                             {"--host", into(options.host)},
                             {"--path", into(options.path)},
                             {"--connections", into(options.connections)},
                             {"--requests", into(options.requests)},
                             {"--fresh", [&](const char* value) { options.fresh = *value == '1'; }},
                             {"--rate", [&](const char* value) { options.rate = atof(value); }}});
  return parsed && !options.to.empty() ? run_client(options) : usage();
}
