#include "proxy/tls/truststore.h"

#include <gtest/gtest.h>
#include <openssl/pkcs12.h>

#include "proxy/tls/authority.h"

namespace nemoclaw::tls {
namespace {

using StorePtr = std::unique_ptr<PKCS12, Releaser<PKCS12_free>>;

TEST(Truststore, HoldsEveryCertificateAndTheMacFits) {
  const std::string pem = Authority::create("a", 1'790'000'000)->certificate_pem() +
                          Authority::create("b", 1'790'000'000)->certificate_pem();
  const Result<std::string> der = make_truststore(pem, "changeit");
  ASSERT_TRUE(der) << der.error().message;
  const auto* at = reinterpret_cast<const unsigned char*>(der->data());
  const StorePtr store(d2i_PKCS12(nullptr, &at, static_cast<long>(der->size())));
  ASSERT_TRUE(store);
  EXPECT_EQ(PKCS12_verify_mac(store.get(), "changeit", -1), 1);
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  ASSERT_EQ(PKCS12_parse(store.get(), "changeit", &key, &certificate, &others), 1);
  EXPECT_EQ(key, nullptr);
  EXPECT_EQ(sk_X509_num(others), 2);
  sk_X509_pop_free(others, X509_free);
  X509_free(certificate);
}

TEST(Truststore, NothingToTrustIsAnError) {
  EXPECT_FALSE(make_truststore("", "changeit"));
  EXPECT_FALSE(make_truststore("no PEM", "changeit"));
}

}  // namespace
}  // namespace nemoclaw::tls
