// Any accepted form as the full schema: the model written back, with keys in one order and without defaults.
#pragma once

#include <string>
#include <string_view>

#include "policy/model/policy.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace nemoclaw::policy {

// The model as a tree. Sections that are not in the model (inference, privacy) are not in it.
json::Value full_schema(const Policy& policy);

// A text in any form -> its full schema. `text` must be what `policy` was read from: sections that the model
// does not hold are taken from there as they stand.
json::Value convert_policy(const Policy& policy, std::string_view text);

// Block style; every text is quoted unless it can only be read as a text.
std::string to_yaml(const json::Value& value);

}  // namespace nemoclaw::policy
