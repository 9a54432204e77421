#include "proxy/tls/trust.h"

#include <cerrno>

#include "runtime/base/file.h"

namespace nemoclaw::tls {

namespace {
constexpr size_t kRootsBytesMax = 8 << 20;
}

Result<const Upstream*> Trust::upstream() {
  if (upstream_) return &*upstream_;
  std::string roots;
  for (const std::string& file : root_files_) {
    const Result<std::string> text = read_file(file, kRootsBytesMax);
    if (!text && text.error().errno_value == ENOENT) continue;
    if (!text) return Error(text.error()).with_context("trusted roots " + quoted(file));
    roots += *text + "\n";
  }
  upstream_ = TRY_CONTEXT(Upstream::create(roots), "the node's trusted roots (package ca-certificates)");
  return &*upstream_;
}

}  // namespace nemoclaw::tls
