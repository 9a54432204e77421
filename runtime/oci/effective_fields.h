// Members that the stored effective spec and the state record share.
#pragma once

#include "runtime/oci/effective_spec.h"
#include "runtime/oci/fields.h"

namespace nemoclaw::oci {

template <>
struct Table<Protection> {
  static void visit(auto& field, auto& protection) {
    field.always("name", protection.name);
    field.always("level", protection.level);
    field("reason", protection.reason);
  }
};

}  // namespace nemoclaw::oci
