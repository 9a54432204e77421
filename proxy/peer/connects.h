// Who connected a socket, as the kernel noted it (runtime/bpf/connect_record.h). One system call for each question,
// however much the sandbox holds.
#pragma once

#include <optional>

#include "runtime/base/fd.h"
#include "runtime/bpf/connect_record.h"

namespace nemoclaw::peer {

class Connects {
 public:
  // `program`: the one that looks. An error if this process may not run it, or the kernel cannot.
  static Result<Connects> create(Fd program);
  // nullopt: there is no record.
  std::optional<bpf::Look> look(uint64_t cookie) const;

 private:
  explicit Connects(Fd program) : program_(std::move(program)) {}
  Fd program_;
};

// The process that connected runs on, and has executed nothing else.
bool is_connecter_unchanged(const bpf::Look& look);
// And it holds every descriptor of the socket that there is: nobody else can have one, none is under way.
bool is_held_by_connecter_alone(const bpf::Look& look);

}  // namespace nemoclaw::peer
