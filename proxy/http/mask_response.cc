#include "proxy/http/mask_response.h"

#include "proxy/http/text.h"

namespace nemoclaw::http {

void mask_fields(const MaskPatterns& patterns, std::vector<Field>& fields) {
  for (Field& field : fields) field.value = patterns.mask(field.value);
}

Response masked(const MaskPatterns& patterns, Response response) {
  response.reason = patterns.mask(response.reason);
  mask_fields(patterns, response.fields);
  return response;
}

bool has_content_coding(const Response& response) {
  for (const Field& field : response.fields)
    if ((equals_ignoring_case(field.name, "content-encoding") ||
         equals_ignoring_case(field.name, "grpc-encoding")) &&
        !equals_ignoring_case(field.value, "identity"))
      return true;
  return false;
}

}  // namespace nemoclaw::http
