#include "policy/compile/trust.h"

#include <algorithm>

#include "policy/compile/compilation.h"
#include "policy/compile/environment.h"
#include "policy/compile/paths.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

const std::string bundle_path = std::string(kTrustDirectory) + "/ca-bundle.pem";
const std::string authority_path = std::string(kTrustDirectory) + "/ca.pem";
const std::string store_path = std::string(kTrustDirectory) + "/truststore.p12";

bool has_java(const Compilation& compilation) {
  if (const std::string* home = find_variable(compilation.process().env, "JAVA_HOME");
      home && !variable_value(*home).empty())
    return true;
  const std::vector<std::string>& known = compilation.facts.existing_paths;
  return std::any_of(java_candidates().begin(), java_candidates().end(), [&](const std::string& path) {
    return std::find(known.begin(), known.end(), path) != known.end();
  });
}

class TrustMounts {
 public:
  explicit TrustMounts(const Compilation& compilation)
      : compilation_(compilation),
        spec_mounts_(compilation.effective.spec.mounts.size()),
        source_(compilation.facts.sandbox_directory + "/trust/" + compilation.facts.container_id) {}

  void run() {
    for (const std::string& path : trust_file_candidates()) cover(path);
    for (const auto& [name, content] : trust_variables()) point(name, content);
    if (has_java(compilation_)) point_java();
    mount(source_, std::string(kTrustDirectory));
    compilation_.note("network",
                      "the image's trusted roots are extended by the sandbox's certificate authority: " +
                          (covered_.empty() ? std::string("no trust file of the image") : covered_),
                      "TLS to endpoints whose rules judge requests ends in the proxy");
  }

 private:
  bool is_in_image(const std::string& path) const {
    const std::vector<std::string>& known = compilation_.facts.existing_paths;
    return std::find(known.begin(), known.end(), path) != known.end();
  }

  // What a manager mounts there is not the image's, and nothing is made or covered in it.
  bool is_mounted(const std::string& path) const {
    const std::vector<oci::Mount>& mounts = compilation_.effective.spec.mounts;
    return std::any_of(mounts.begin(), mounts.begin() + static_cast<std::ptrdiff_t>(spec_mounts_),
                       [&](const oci::Mount& each) {
                         const std::string destination = absolute_path("/", each.destination);
                         return destination != "/" && path_is_below(path, destination);
                       });
  }

  // False if the image has no such file.
  bool cover(const std::string& path) {
    if (!is_in_image(path)) return false;
    const std::string target = resolved_in_image(compilation_.facts, path);
    if (is_mounted(target)) return false;
    if (std::find(targets_.begin(), targets_.end(), target) != targets_.end()) return true;
    mount(source_ + "/bundle-" + std::to_string(targets_.size()) + ".pem", target);
    targets_.push_back(target);
    covered_ += (covered_.empty() ? "" : ", ") + target;
    return true;
  }

  void point(std::string_view name, TrustContent content) {
    std::vector<std::string>& env = compilation_.process().env;
    const std::string* present = find_variable(env, name);
    if (present && variable_value(*present).starts_with('/')) {
      // A file of the image's choice is extended in its place; one that the manager mounts is somebody's own choice.
      const std::string file = clean_path(variable_value(*present));
      if (cover(file) || is_mounted(file)) return;
    }
    set_variable(env, name, content == TrustContent::Bundle ? bundle_path : authority_path);
  }

  void point_java() {
    std::vector<std::string>& env = compilation_.process().env;
    std::string options;
    if (const std::string* present = find_variable(env, "JAVA_TOOL_OPTIONS"))
      options = std::string(variable_value(*present)) + " ";
    if (options.find("javax.net.ssl.trustStore=") != std::string::npos) return;
    options += "-Djavax.net.ssl.trustStore=" + store_path + " -Djavax.net.ssl.trustStoreType=PKCS12" +
               " -Djavax.net.ssl.trustStorePassword=" + std::string(kTrustStorePassword);
    set_variable(env, "JAVA_TOOL_OPTIONS", options);
    compilation_.note("environment", "JAVA_TOOL_OPTIONS names the extended trust store",
                      "the image has Java, which reads no other");
  }

  void mount(const std::string& source, const std::string& target) {
    oci::Mount added;
    added.destination = target;
    added.type = "bind";
    added.source = source;
    added.options = {"bind", "ro", "nosuid", "nodev", "noexec"};
    compilation_.effective.spec.mounts.push_back(std::move(added));
  }

  const Compilation& compilation_;
  size_t spec_mounts_;
  std::string source_, covered_;
  std::vector<std::string> targets_;
};

}  // namespace

const std::vector<std::string>& trust_file_candidates() {
  // Debian and Alpine, Fedora and its relatives, OpenSSL's own default (a link on most), SUSE.
  static const std::vector<std::string> paths = {
      "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
      "/etc/ssl/ca-bundle.pem", "/var/lib/ca-certificates/ca-bundle.pem"};
  return paths;
}

const std::vector<std::string>& java_candidates() {
  static const std::vector<std::string> paths = {"/usr/bin/java", "/usr/local/bin/java", "/usr/lib/jvm",
                                                 "/opt/java", "/opt/jdk"};
  return paths;
}

const std::vector<std::pair<std::string_view, TrustContent>>& trust_variables() {
  static const std::vector<std::pair<std::string_view, TrustContent>> variables = {
      {"SSL_CERT_FILE", TrustContent::Bundle},      {"CURL_CA_BUNDLE", TrustContent::Bundle},
      {"REQUESTS_CA_BUNDLE", TrustContent::Bundle}, {"GIT_SSL_CAINFO", TrustContent::Bundle},
      {"AWS_CA_BUNDLE", TrustContent::Bundle},      {"CARGO_HTTP_CAINFO", TrustContent::Bundle},
      {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", TrustContent::Bundle},
      {"NODE_EXTRA_CA_CERTS", TrustContent::AuthorityAlone}, {"DENO_CERT", TrustContent::AuthorityAlone}};
  return variables;
}

void compile_trust(const Compilation& compilation) { TrustMounts(compilation).run(); }

}  // namespace nemoclaw::policy
