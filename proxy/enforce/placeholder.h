// Placeholders of secrets in the parts of a request, however they are written there: each becomes what
// `Value` says, escaped as its place needs it. A value is not looked through again. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::enforce {

// What stands for the placeholder of this name; an error refuses the request.
using Value = std::function<Result<std::string>(std::string_view name)>;
// The same in the values of one key of a query or form; `key` is decoded.
using KeyedValue = std::function<Result<std::string>(std::string_view key, std::string_view name)>;

bool holds_placeholder(std::string_view text);

Result<std::string> fill_text(std::string_view text, const Value& value);
// A field's value; what `Basic` encodes is looked into.
Result<void> fill_field(std::string& text, const Value& value);
// A query, or a body of application/x-www-form-urlencoded: what holds no placeholder stays byte for byte. One
// in a key is asked for with the key "".
Result<std::string> fill_query(std::string_view query, const KeyedValue& value);
// A path, which can hold no secret: an error if `value` gives one for what it holds.
Result<void> check_path(std::string_view path, const Value& value);
// `type`: the media type in lower case.
Result<std::string> fill_body(std::string_view body, std::string_view type, const Value& value);

}  // namespace nemoclaw::enforce
