// Which of a policy's programs an unpacked image has.
#pragma once

#include <string>

#include "runtime/base/fd.h"

namespace nemoclaw::ctl {

// True only if nothing in the image can match `pattern`, which is absolute and may hold '*' within names.
// Links are followed inside of the root. What cannot be looked at, and what would need the whole image
// ("**"), may exist.
bool image_lacks(FdRef root, const std::string& pattern);

}  // namespace nemoclaw::ctl
