#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <vector>

#include "runtime/cli/program.h"

// libstdc++'s own handler names the exception, for which it brings a C++ demangler along: 40 KB for a
// sentence that can only ever say bad_alloc or length_error.
namespace __gnu_cxx {
void __verbose_terminate_handler() {  // NOLINT(bugprone-reserved-identifier): the name that libstdc++ calls
  static constexpr char text[] = "nemoclaw-runtime: out of memory, or an internal error\n";
  static_cast<void>(!write(STDERR_FILENO, text, sizeof text - 1));
  abort();
}
}  // namespace __gnu_cxx

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return nemoclaw::cli::run_program(words);
}
