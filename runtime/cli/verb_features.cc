#include "runtime/cli/verb.h"
#include "runtime/oci/features.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals&, const Arguments&) {
  TRY(print(oci::encode_features() + "\n"));
  return 0;
}

}  // namespace

constinit const Verb kFeatures = {
    .name = "features",
    .arguments = "",
    .summary = "print what this runtime supports as JSON",
    .options = {},
    .arguments_min = 0,
    .arguments_max = 0,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
