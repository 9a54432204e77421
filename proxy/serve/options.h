// The worker's command line, as the holder writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::serve {

struct Options {
  std::string sandbox_directory;
  std::optional<std::string> config_file;
  int holder_fd = -1;  // where the worker says that it is ready
  // Descriptors that the holder keeps, by name; a name may occur twice (IPv4 and IPv6).
  struct Inherited {
    std::string name;
    int fd = -1;
  };
  std::vector<Inherited> sockets;
  uint64_t restarts = 0;        // of workers before this one, after a crash
  std::string last_end;         // how the last of them ended
  bool beside_another = false;  // an older worker still finishes its connections
  bool show_version = false;
  // Not a worker: as root, makes binaries.json for the container whose directory this is.
  std::string pin_directory;
};

Result<Options> parse_options(int argc, char** argv);

}  // namespace nemoclaw::serve
