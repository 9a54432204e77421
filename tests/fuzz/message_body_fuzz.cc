// Bodies whose content a policy asks about: GraphQL and JSON-RPC.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/http/graphql.h"
#include "proxy/http/json_rpc.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw::http;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0:
      // An operation that is read has a type and at least one field.
      if (const auto operations = parse_graphql(text))
        for (const GraphQlOperation& each : *operations)
          if (each.type.empty() || each.fields.empty()) abort();
      break;
    case 1:
      static_cast<void>(parse_graphql_body(text));
      break;
    default:
      if (const auto calls = parse_json_rpc(text))
        for (const RpcCall& each : *calls)
          if (each.method.empty() && !each.has_response) abort();
  }
  return 0;
}
