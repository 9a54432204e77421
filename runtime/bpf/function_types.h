// A program with more than one function has to describe them, in BTF: here each takes and returns plain numbers.
#pragma once

#include <string>
#include <vector>

namespace nemoclaw::bpf {

struct FunctionTypes {
  std::string btf;
  std::vector<unsigned> ids;  // of the functions' types, in the order of their names
};

// Pure. `names` are words of C.
FunctionTypes describe_functions(const std::vector<std::string>& names);

}  // namespace nemoclaw::bpf
