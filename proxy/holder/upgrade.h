// The holder executes itself again from its path: a new version of the program, the same process and sockets.
#pragma once

#include <string>
#include <vector>

#include "proxy/holder/options.h"

namespace nemoclaw::holder {

// Pure: the arguments with which a holder goes on (options.worker, worker_pipe and restarts are what is
// running).
std::vector<std::string> resume_arguments(const Options& options, const Sockets& sockets, FdRef record);

// The program is asked for its version: one that does not start would end the holder, and everything with it.
Result<void> try_program(const std::string& program);

// Returns only if it could not.
Error execute_again(const Options& options, const Sockets& sockets, FdRef record);

}  // namespace nemoclaw::holder
