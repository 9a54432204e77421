#include "proxy/serve/publish.h"

#include <cerrno>
#include <ctime>

#include "policy/model/trust_store.h"
#include "proxy/tls/truststore.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::serve {

namespace {

constexpr size_t kRootsBytesMax = size_t{8} << 20;

// The first that exists is the node's own.
constexpr const char* kNodeRoots[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                      "/etc/ssl/cert.pem"};

// What a trust store beside `file` is to hold: the bundle of the same container, or the authority alone.
Result<std::string> certificates_for_store(const std::string& file, const std::string& certificate_pem) {
  const Result<std::string> bundle =
      read_file(std::string(directory_name(file)) + "/ca-bundle.pem", kRootsBytesMax);
  if (!bundle && bundle.error().errno_value == ENOENT) return certificate_pem;
  return TRY(bundle) + "\n" + certificate_pem;
}

Result<void> publish(const std::vector<Fd>& files, const std::string& certificate_pem) {
  for (const Fd& file : files) {
    const std::string path = TRY(real_path_of(file));
    if (!path.ends_with(".p12")) {
      TRY_CONTEXT(write_all(file, certificate_pem), path);
      continue;
    }
    const std::string certificates = TRY(certificates_for_store(path, certificate_pem));
    const std::string store = TRY(tls::make_truststore(certificates, policy::kTrustStorePassword.data()));
    TRY_CONTEXT(write_all(file, store), path);
  }
  return {};
}

Result<tls::Authority> find_or_make_authority(const std::string& sandbox_id, const Remembered& known,
                                              State& state, const std::vector<Fd>& files) {
  if (known.authority) return tls::Authority::import(*known.authority);
  tls::Authority authority = TRY(tls::Authority::create(sandbox_id, std::time(nullptr)));
  const std::string secret = TRY(authority.export_secret());
  TRY(publish(files, authority.certificate_pem()));
  TRY(state.remember_authority(secret));
  return authority;
}

}  // namespace

Result<std::shared_ptr<tls::Trust>> set_up_trust(const std::string& sandbox_id,
                                                 const policy::NodeConfig& config, const Remembered& known,
                                                 State& state, const std::vector<Fd>& files) {
  std::vector<std::string> roots;
  for (const char* file : kNodeRoots)
    if (roots.empty() && file_exists(file)) roots.push_back(file);
  roots.insert(roots.end(), config.extra_ca_files.begin(), config.extra_ca_files.end());
  tls::Authority authority = TRY(find_or_make_authority(sandbox_id, known, state, files));
  tls::Server server = TRY(tls::Server::create(std::move(authority)));
  return std::make_shared<tls::Trust>(std::move(server), std::move(roots));
}

}  // namespace nemoclaw::serve
