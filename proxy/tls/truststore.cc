#include "proxy/tls/truststore.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "proxy/tls/openssl.h"

namespace nemoclaw::tls {

namespace {

// Java takes a certificate without a key for trusted only if its bag says for what (its own attribute).
constexpr const char* kTrustedKeyUsage = "2.16.840.1.113894.746875.1.1";

using BagsPtr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), decltype([](STACK_OF(PKCS12_SAFEBAG) * bags) {
                                  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
                                })>;
using SafesPtr = std::unique_ptr<STACK_OF(PKCS7),
                                 decltype([](STACK_OF(PKCS7) * safes) { sk_PKCS7_pop_free(safes, PKCS7_free); })>;
using StorePtr = std::unique_ptr<PKCS12, Releaser<PKCS12_free>>;

bool add_certificate(BagsPtr& bags, X509* certificate, size_t number) {
  STACK_OF(PKCS12_SAFEBAG)* raw = bags.release();
  PKCS12_SAFEBAG* bag = PKCS12_add_cert(&raw, certificate);
  bags.reset(raw);
  const std::string name = "root-" + std::to_string(number);
  return bag && PKCS12_add_friendlyname_utf8(bag, name.c_str(), static_cast<int>(name.size())) &&
         // The length -1 says that this is not text but an object.
         PKCS12_add1_attr_by_txt(bag, kTrustedKeyUsage, V_ASN1_OBJECT,
                                 reinterpret_cast<const unsigned char*>(OBJ_nid2obj(NID_anyExtendedKeyUsage)), -1);
}

}  // namespace

Result<std::string> make_truststore(std::string_view certificates, const char* password) {
  const BioPtr memory(BIO_new_mem_buf(certificates.data(), static_cast<int>(certificates.size())));
  BagsPtr bags;
  size_t count = 0;
  while (const CertificatePtr certificate{PEM_read_bio_X509_AUX(memory.get(), nullptr, nullptr, nullptr)})
    if (!add_certificate(bags, certificate.get(), ++count)) return openssl_error("Java trust store");
  ERR_clear_error();
  if (count == 0) return make_error("Java trust store: there is no certificate to trust");
  STACK_OF(PKCS7)* raw_safes = nullptr;
  const bool added = PKCS12_add_safe(&raw_safes, bags.get(), -1, 0, nullptr) == 1;
  const SafesPtr safes(raw_safes);
  const StorePtr store(added ? PKCS12_add_safes(safes.get(), 0) : nullptr);
  if (!store || PKCS12_set_mac(store.get(), password, -1, nullptr, 0, 1, EVP_sha256()) != 1)
    return openssl_error("Java trust store");
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(store.get(), &der);
  if (size < 0) return openssl_error("Java trust store");
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace nemoclaw::tls
