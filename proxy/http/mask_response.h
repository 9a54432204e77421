// The head of an answer whose secrets are to be masked. Pure.
#pragma once

#include "proxy/http/mask.h"
#include "proxy/http/response.h"

namespace nemoclaw::http {

Response masked(const MaskPatterns& patterns, Response response);
void mask_fields(const MaskPatterns& patterns, std::vector<Field>& fields);

// Its content is not what its bytes look like, and nobody could find a secret in them.
bool has_content_coding(const Response& response);
inline constexpr const char* kCodedAnswer =
    "the origin's answer is encoded although no coding was asked for, and cannot be searched for the secrets "
    "that are sent there";

}  // namespace nemoclaw::http
