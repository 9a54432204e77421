// Percent escapes of a path segment (RFC 3986, 2.1 and 3.3), shared by the canonical target and the patterns
// that are compared with it.
#pragma once

#include <string>
#include <string_view>

namespace nemoclaw::policy {

// The byte of "%XX" at the start of `text`, or -1.
int decode_escape(std::string_view text);
// The byte as a canonical segment holds it: plain or as "%XX" with upper-case digits. ';' is escaped, because
// a plain one starts a parameter; '/' is, because a plain one separates.
void append_escaped(std::string& out, unsigned char byte);

}  // namespace nemoclaw::policy
