// Mount points inside a root: found through the image's links, made where they are missing, never outside.
#pragma once

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::isolation {

// O_PATH descriptor of the directory, made with its parents (0755) if missing. A link that leads nowhere is
// completed inside the root (/var/run -> /run in an image without /run), as container managers expect.
Result<Fd> open_directory_target(FdRef root, const std::string& path);
// The same for a file, made empty (0644) if missing.
Result<Fd> open_file_target(FdRef root, const std::string& path);

}  // namespace nemoclaw::isolation
