// What a worker must not forget when it crashes, or the next one would trust anew: lines of JSON in a file
// without a name that the holder keeps. Each is written before what it says takes effect.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/engine/engine.h"
#include "runtime/base/fd.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace nemoclaw::serve {

struct StartInput {
  std::string resolv_conf, hosts;
  std::string container;  // one that joined; empty: the one that the sandbox was made for
};

struct Remembered {
  std::optional<StartInput> start;
  std::vector<StartInput> joined_starts;
  std::optional<std::string> binaries;  // of the first container, as named_binaries.h writes them
  struct Trusted {
    std::string container, path, digest;
  };
  struct Policy {           // the last one that was set for a container
    std::string container;  // the text is in the revision's file (policy/select/revisions.h)
    uint64_t revision = 0, generation = 0;
    std::vector<policy::BinaryAlias> aliases;
  };
  std::vector<Policy> policies;
  struct Name {  // what the sandbox was told by its name server
    std::string address, name;
    int64_t until_ms = 0;  // of the steady clock, which all processes share
  };
  std::vector<Name> names;
  std::vector<Trusted> trusted;          // at first use
  std::optional<std::string> authority;  // secret: certificate and keys
};

// Pure. A last line that was cut off is left out; a line that cannot be read is an error.
Result<Remembered> parse_state(std::string_view text);

// "aliases":[{"named","resolved"}] of a record or a request.
std::vector<policy::BinaryAlias> read_aliases(const json::Value& record);

class State {
 public:
  explicit State(Fd file) : file_(std::move(file)) {}
  Result<Remembered> read() const;

  Result<void> remember_start(const StartInput& start);
  Result<void> remember_trust(const std::string& container, const std::string& path,
                              const std::string& digest);
  Result<void> remember_authority(const std::string& secret);
  Result<void> remember_policy(const Remembered::Policy& policy);
  Result<void> remember_binaries(const std::string& binaries);
  // Best effort: without it a connection is judged by its address. Up to some megabytes.
  void remember_name(const Remembered::Name& name);

 private:
  Fd file_;
  size_t name_bytes_ = 0;
};

}  // namespace nemoclaw::serve
