#include "proxy/tls/upstream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

namespace nemoclaw::tls {

namespace {

char kAsked;  // its address marks an SSL whose peer asked for a certificate

int asked_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// Called when the origin asks; answering "none" lets an origin that only offers it go on.
int note_certificate_request(SSL* ssl, X509**, EVP_PKEY**) {
  SSL_set_ex_data(ssl, asked_index(), &kAsked);
  return 0;
}

void free_text(void*, void* value, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::string*>(value);
}

// What a connection's session is about.
int about_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_text);
  return index;
}

// Called for each session that the origin offers for later.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* sessions = static_cast<SessionCache*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const auto* about = static_cast<const std::string*>(SSL_get_ex_data(ssl, about_index()));
  // Only of connections that were good enough to go on with.
  if (!about || asked_for_certificate(ssl) || SSL_get_verify_result(ssl) != X509_V_OK) return 0;
  // A copy: OpenSSL spoils its own when the connection does not end as it would like.
  if (SessionPtr copy{SSL_SESSION_dup(session)}) sessions->store(*about, std::move(copy));
  return 0;
}

Result<size_t> add_roots(X509_STORE* store, std::string_view roots) {
  const BioPtr memory(BIO_new_mem_buf(roots.data(), static_cast<int>(roots.size())));
  size_t added = 0;
  while (const CertificatePtr root{PEM_read_bio_X509_AUX(memory.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, root.get()) != 1) return openssl_error("take a trusted root");
    ++added;
  }
  const unsigned long code = ERR_peek_last_error();
  if (code != 0 && ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
    return openssl_error("trusted root number " + std::to_string(added + 1));
  ERR_clear_error();
  return added;
}

bool is_address(const std::string& host) {
  char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

std::string alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

}  // namespace

Upstream::Upstream(SslContextPtr context)
    : sessions_(std::make_unique<SessionCache>()), context_(std::move(context)) {
  SSL_CTX_set_app_data(context_.get(), sessions_.get());
}

Result<Upstream> Upstream::create(std::string_view roots) {
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
    return openssl_error("make the TLS client context");
  const size_t count = TRY(add_roots(SSL_CTX_get_cert_store(context.get()), roots));
  if (count == 0) return make_error("there is no trusted root certificate");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // One recv for all that has come, instead of two for each record.
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), 64 << 10);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_client_cert_cb(context.get(), note_certificate_request);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), keep_session);
  return Upstream(std::move(context));
}

Result<SslPtr> Upstream::connect(const std::string& host, const std::vector<std::string>& protocols) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) return openssl_error("start TLS with an origin");
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  bool named;
  if (is_address(host))
    named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) == 1;
  else
    named =
        SSL_set1_host(ssl.get(), host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1;
  const std::string wire = alpn_wire(protocols);
  // Returns 0 for success, unlike its neighbours.
  if (!named ||
      (!wire.empty() && SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                                            static_cast<unsigned>(wire.size())) != 0))
    return openssl_error("start TLS with " + quoted(host, 80));
  auto about = std::make_unique<std::string>(host + '\0' + wire);
  if (const SessionPtr session = sessions_->take(*about, std::time(nullptr));
      session && SSL_set_session(ssl.get(), session.get()) != 1)
    return openssl_error("take up a session with " + quoted(host, 80));
  SSL_set_ex_data(ssl.get(), about_index(), about.release());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

bool asked_for_certificate(const SSL* ssl) { return SSL_get_ex_data(ssl, asked_index()) == &kAsked; }

}  // namespace nemoclaw::tls
