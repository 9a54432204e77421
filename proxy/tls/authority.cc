#include "proxy/tls/authority.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <functional>

namespace nemoclaw::tls {

namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, Releaser<GENERAL_NAMES_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Releaser<X509_EXTENSION_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Releaser<BN_free>>;

Result<KeyPtr> make_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error("make a P-256 key");
  return key;
}

// RFC 5280 section 4.1.2.2: positive, unique, at most 20 octets.
bool set_random_serial(X509* certificate) {
  const NumberPtr number(BN_new());
  return number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
}

bool set_life(X509* certificate, int64_t from_s, int64_t to_s) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from_s) &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), to_s);
}

bool add_name(X509_NAME* name, const char* field, std::string_view value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

// `value` is always a constant of this file: OpenSSL's text form of extensions is a small language of its
// own, in which a host name could say more than a name. Names go in through the API (add_subject_names).
bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.back() == '.') return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

// The address's bytes, or "" for a name.
std::string address_bytes(std::string_view host) {
  const std::string text(host);
  char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return std::string(bytes, 4);
  if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) return std::string(bytes, 16);
  return {};
}

bool add_subject_names(X509* certificate, std::string_view host) {
  const std::string address = address_bytes(host);
  const std::string_view content = address.empty() ? host : std::string_view(address);
  const NamesPtr names(GENERAL_NAMES_new());
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (!names || !name || !sk_GENERAL_NAME_push(names.get(), name)) {
    GENERAL_NAME_free(name);
    return false;
  }
  ASN1_STRING* value = ASN1_STRING_type_new(address.empty() ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
  if (!value || !ASN1_STRING_set(value, content.data(), static_cast<int>(content.size()))) {
    ASN1_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, address.empty() ? GEN_DNS : GEN_IPADD, value);
  // Critical, because the subject is empty (RFC 5280 section 4.2.1.6).
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 1, X509V3_ADD_DEFAULT) == 1;
}

Result<std::string> to_pem(const std::function<int(BIO*)>& write) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (!memory || write(memory.get()) != 1) return openssl_error("encode PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

Result<Authority> Authority::create(std::string_view label, int64_t now_s) {
  Authority authority;
  authority.key_ = TRY(make_key());
  authority.leaf_key_ = TRY(make_key());
  authority.certificate_.reset(X509_new());
  X509* certificate = authority.certificate_.get();
  const bool made =
      certificate && X509_set_version(certificate, X509_VERSION_3) && set_random_serial(certificate) &&
      set_life(certificate, now_s - kBackdateSeconds, now_s + kAuthorityLifeSeconds) &&
      X509_set_pubkey(certificate, authority.key_.get()) &&
      add_name(X509_get_subject_name(certificate), "O", "NemoClaw") &&
      add_name(X509_get_subject_name(certificate), "CN",
               "NemoClaw sandbox " + std::string(label.substr(0, 40))) &&
      X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) &&
      add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
      X509_sign(certificate, authority.key_.get(), EVP_sha256()) > 0;
  if (!made) return openssl_error("make the sandbox's certificate authority");
  authority.certificate_pem_ = TRY(to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); }));
  return authority;
}

Result<Authority> Authority::import(std::string_view secret) {
  const BioPtr memory(BIO_new_mem_buf(secret.data(), static_cast<int>(secret.size())));
  Authority authority;
  authority.certificate_.reset(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  authority.key_.reset(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  authority.leaf_key_.reset(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  if (!authority.certificate_ || !authority.key_ || !authority.leaf_key_)
    return openssl_error("read the sandbox's certificate authority");
  if (X509_check_private_key(authority.certificate_.get(), authority.key_.get()) != 1)
    return openssl_error("the certificate authority's key is not that of its certificate");
  authority.certificate_pem_ =
      TRY(to_pem([&](BIO* out) { return PEM_write_bio_X509(out, authority.certificate_.get()); }));
  return authority;
}

Result<std::string> Authority::export_secret() const {
  return to_pem([&](BIO* out) {
    return PEM_write_bio_X509(out, certificate_.get()) == 1 &&
           PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
           PEM_write_bio_PrivateKey(out, leaf_key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  });
}

Result<CertificatePtr> Authority::issue(std::string_view host, int64_t now_s) const {
  if (address_bytes(host).empty() && !is_host_name(host))
    return make_error("no certificate is issued for " + quoted(host, 80) + ": it is not a plain host name");
  CertificatePtr leaf(X509_new());
  X509* certificate = leaf.get();
  const bool made =
      certificate && X509_set_version(certificate, X509_VERSION_3) && set_random_serial(certificate) &&
      set_life(certificate, now_s - kBackdateSeconds, now_s + kLeafLifeSeconds) &&
      X509_set_pubkey(certificate, leaf_key_.get()) &&
      X509_set_issuer_name(certificate, X509_get_subject_name(certificate_.get())) &&
      add_extension(certificate, certificate_.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(certificate, certificate_.get(), NID_key_usage, "critical,digitalSignature") &&
      add_extension(certificate, certificate_.get(), NID_ext_key_usage, "serverAuth") &&
      add_extension(certificate, certificate_.get(), NID_authority_key_identifier, "keyid:always") &&
      add_subject_names(certificate, host) && X509_sign(certificate, key_.get(), EVP_sha256()) > 0;
  if (!made) return openssl_error("issue a certificate for " + quoted(host, 80));
  return leaf;
}

}  // namespace nemoclaw::tls
