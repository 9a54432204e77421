// OpenSSL's objects with owners. Included only inside proxy/tls and by its tests: the headers of this room
// that others use name these types but need not know them.
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "runtime/base/error.h"

namespace nemoclaw::tls {

template <auto Free>
struct Releaser {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using SslPtr = std::unique_ptr<SSL, Releaser<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Releaser<SSL_CTX_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, Releaser<SSL_SESSION_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Releaser<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Releaser<BIO_free>>;

// What OpenSSL's error queue says first, which is the cause; empties the queue.
std::string last_openssl_error();
Error openssl_error(const std::string& doing);

}  // namespace nemoclaw::tls
