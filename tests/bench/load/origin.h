// A fast HTTP/1.1 origin: GET /bytes/N gets N bytes, everything else 64.
#pragma once

#include <string>

namespace nemoclaw::load {

struct OriginOptions {
  std::string plain, tls;  // ADDRESS:PORT
  std::string certificate, key;
};

[[noreturn]] void run_origin(const OriginOptions& options);

}  // namespace nemoclaw::load
