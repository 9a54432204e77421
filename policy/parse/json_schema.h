// The accepted forms as a JSON Schema (draft-07, which editors understand), written from the reader's tables.
#pragma once

#include "runtime/base/json.h"

namespace nemoclaw::policy {

// Everything that the reader accepts fits the schema. The reader refuses more: what a pattern cannot say.
json::Value policy_json_schema();

}  // namespace nemoclaw::policy
