// What makes an unmodified image believe the sandbox's certificate authority: which of its trust files are
// covered by extended ones, and which variables point to them. Pure. The files' content comes from runtime
// (the image's own roots) and proxy (the authority); docs/sandbox.md says where they lie.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/model/trust_store.h"
#include "runtime/oci/spec.h"

namespace nemoclaw::policy {

// Inside the container; read-only, without anything secret.
inline constexpr std::string_view kTrustDirectory = "/run/nemoclaw";

// Where images keep their trusted roots as one file.
const std::vector<std::string>& trust_file_candidates();
// Programs whose presence means that the image may run Java.
const std::vector<std::string>& java_candidates();
// Variables that name a file of roots, and whether that file replaces a program's own roots (then it must
// hold the image's too) or adds to them.
enum class TrustContent : uint8_t { Bundle, AuthorityAlone };
const std::vector<std::pair<std::string_view, TrustContent>>& trust_variables();

}  // namespace nemoclaw::policy
