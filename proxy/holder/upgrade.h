// The holder executes itself again from its path: a new version of the program, the same process and sockets.
#pragma once

#include <string>
#include <vector>

#include "proxy/holder/options.h"

namespace nemoclaw::holder {

// Pure: the arguments with which a holder goes on (options.worker, worker_pipe and restarts are what is
// running).
std::vector<std::string> resume_arguments(const Options& options, const Sockets& sockets, FdRef record);

// The program reads these arguments and says its version: one that does not start, or does not understand
// them, would end the holder and everything with it.
Result<void> try_program(std::vector<std::string> words);

// Returns only if it could not.
Error execute_again(const Options& options, const Sockets& sockets, FdRef record);

}  // namespace nemoclaw::holder
