// Paths that unmodified images need whatever the policy lists, and what is known of paths in the container.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/compile/compile.h"

namespace nemoclaw::policy {

struct ImpliedPath {
  std::string path;
  oci::PathAccess access = oci::PathAccess::Read;
  std::string why;
  bool from_runtime = false;  // the runtime makes it (device nodes), so the image cannot lack it
};

// Devices, /proc, libraries, name service, trust files. Without what the spec itself adds.
const std::vector<ImpliedPath>& implied_paths();
// Where dynamic loaders live on the architectures that we run.
const std::vector<std::string>& known_loaders();

// True if the image has it, or if it lies below a mount whose content the compiler cannot see.
bool exists_in_container(const Facts& facts, const oci::Spec& spec, std::string_view path);
// Where the path leads inside the image when links are followed; the path itself if no link is known.
std::string resolved_in_image(const Facts& facts, const std::string& path);
// Directories that a container's working directory must not make writable.
bool is_system_path(std::string_view path);

}  // namespace nemoclaw::policy
