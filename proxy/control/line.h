// One request of the control socket and its answer. No I/O.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/json.h"

namespace nemoclaw::control {

// Takes the request (an object with a string member "op"), returns the answer as JSON text.
using Handler = std::function<std::string(const std::string& operation, const json::Value& request)>;
// What a GET for this path is answered with, as text/plain; nullopt: there is no such page.
using Pages = std::function<std::optional<std::string>(std::string_view path)>;

// {"ok":false,"error":"..."}
std::string render_error(const std::string& message);

// The answer to one line of JSON, without its newline.
std::string answer_line(std::string_view line, const Handler& handler);

// Whether this first line is one of HTTP: "GET /path HTTP/1.1".
bool asks_for_page(std::string_view line);
std::string answer_page(std::string_view line, const Pages& pages);

}  // namespace nemoclaw::control
