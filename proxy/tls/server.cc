#include "proxy/tls/server.h"

namespace nemoclaw::tls {

namespace {

void free_protocol(void*, void* value, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::string*>(value);
}

int protocol_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_protocol);
  return index;
}

int select_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* offered, unsigned offered_length, void*) {
  const auto* wanted = static_cast<const std::string*>(SSL_get_ex_data(ssl, protocol_index()));
  if (!wanted || wanted->empty()) return SSL_TLSEXT_ERR_NOACK;
  for (unsigned at = 0; at < offered_length && at + 1U + offered[at] <= offered_length;
       at += 1U + offered[at]) {
    if (std::string_view(reinterpret_cast<const char*>(offered + at + 1), offered[at]) != *wanted) continue;
    *out = offered + at + 1;
    *out_length = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Server::Server(SslContextPtr context, Authority authority)
    : context_(std::move(context)), leaves_(std::make_unique<LeafCache>(std::move(authority))) {}

Result<Server> Server::create(Authority authority) {
  SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
    return openssl_error("make the TLS server context");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_max_early_data(context.get(), 0);
  // One recv for all that has come, instead of two for each record.
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), 64 << 10);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  // Key shares in the order of their cost; clients that start with another are asked again.
  if (SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384") != 1)
    return openssl_error("set the key exchange groups");
  SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
  return Server(std::move(context), std::move(authority));
}

Result<SslPtr> Server::accept(std::string_view host, std::string protocol, int64_t now_s) {
  X509* leaf = TRY(leaves_->find_or_issue(host, now_s));
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl || SSL_use_certificate(ssl.get(), leaf) != 1 ||
      SSL_use_PrivateKey(ssl.get(), leaves_->authority().leaf_key()) != 1)
    return openssl_error("start TLS with a client");
  SSL_set_ex_data(ssl.get(), protocol_index(), new std::string(std::move(protocol)));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace nemoclaw::tls
