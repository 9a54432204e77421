// The environment of a sandboxed process: pure functions on lists of "NAME=value".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::policy {

inline constexpr std::string_view default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The last one counts, as in the container; nullptr if absent.
const std::string* find_variable(const std::vector<std::string>& environment, std::string_view name);
std::string_view variable_value(const std::string& entry);
void set_variable(std::vector<std::string>& environment, std::string_view name, std::string_view value);
bool remove_variable(std::vector<std::string>& environment, std::string_view name);  // true if it was there

// Variables by which an image makes every program load or run something.
const std::vector<std::string_view>& removed_variables();
// Where programs are told to find the proxy: name and value.
const std::vector<std::pair<std::string_view, std::string_view>>& proxy_variables();

}  // namespace nemoclaw::policy
