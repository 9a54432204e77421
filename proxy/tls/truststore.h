// A Java trust store (PKCS#12, RFC 7292) that holds certificates to be trusted, and no key.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace nemoclaw::tls {

// `certificates`: PEM, at least one. Not encrypted: certificates are public, and the password is known to everyone.
Result<std::string> make_truststore(std::string_view certificates, const char* password);

}  // namespace nemoclaw::tls
