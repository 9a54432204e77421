#include "proxy/tls/openssl.h"

#include <openssl/err.h>

namespace nemoclaw::tls {

std::string last_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "error " + std::to_string(code);
}

Error openssl_error(const std::string& doing) { return make_error(doing + ": " + last_openssl_error()); }

}  // namespace nemoclaw::tls
