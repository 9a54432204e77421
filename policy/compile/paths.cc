#include "policy/compile/paths.h"

#include <algorithm>

#include "policy/compile/trust.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

using oci::PathAccess;

constexpr const char* standard_device = "implied: standard device";
constexpr const char* kernel_information =
    "implied: the kernel's information about processes and the machine";
constexpr const char* libraries = "implied: the image's libraries";
constexpr const char* names = "implied: names of hosts, users and services";
constexpr const char* trust = "implied: the image's trusted certificates";
constexpr const char* conventions = "implied: time zones and terminals";

std::vector<ImpliedPath> make_implied_paths() {
  std::vector<ImpliedPath> paths;
  // /dev itself is left out: a listing of it helps nobody, and a rule for it would cover every device below.
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
                           "/dev/ptmx", "/dev/pts", "/dev/console"})
    paths.push_back({path, PathAccess::DeviceReadWrite, standard_device, true});
  // Python's multiprocessing and browsers share memory there.
  paths.push_back({"/dev/shm", PathAccess::ReadWrite, "implied: shared memory", false});
  for (const char* path : {"/proc", "/sys"})
    paths.push_back({path, PathAccess::Read, kernel_information, false});
  for (const char* path :
       {"/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32",
        "/usr/local/lib", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"})
    paths.push_back({path, PathAccess::Read, libraries, false});
  for (const char* path :
       {"/etc/resolv.conf", "/etc/hosts", "/etc/hostname", "/etc/nsswitch.conf", "/etc/host.conf",
        "/etc/gai.conf", "/etc/passwd", "/etc/group", "/etc/services", "/etc/protocols"})
    paths.push_back({path, PathAccess::Read, names, false});
  for (const char* path :
       {"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/pki/tls", "/etc/pki/ca-trust",
        "/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"})
    paths.push_back({path, PathAccess::Read, trust, false});
  paths.push_back({std::string(kTrustDirectory), PathAccess::Read, trust, true});
  for (const char* path :
       {"/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/etc/terminfo", "/usr/share/terminfo"})
    paths.push_back({path, PathAccess::Read, conventions, false});
  return paths;
}

}  // namespace

const std::vector<ImpliedPath>& implied_paths() {
  static const std::vector<ImpliedPath> paths = make_implied_paths();
  return paths;
}

const std::vector<std::string>& known_loaders() {
  static const std::vector<std::string> loaders = {
      "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux.so.2",       "/libx32/ld-linux-x32.so.2",
      "/lib/ld-musl-x86_64.so.1",    "/lib/ld-musl-i386.so.1",   "/lib/ld-linux-aarch64.so.1",
      "/lib/ld-musl-aarch64.so.1",   "/lib/ld-linux-armhf.so.3", "/lib/ld-musl-armhf.so.1",
  };
  return loaders;
}

bool exists_in_container(const Facts& facts, const oci::Spec& spec, std::string_view path) {
  if (std::find(facts.existing_paths.begin(), facts.existing_paths.end(), path) != facts.existing_paths.end())
    return true;
  return std::any_of(spec.mounts.begin(), spec.mounts.end(), [&](const oci::Mount& mount) {
    std::string destination = absolute_path("/", mount.destination);
    return destination != "/" && path_is_below(path, destination);
  });
}

std::string resolved_in_image(const Facts& facts, const std::string& path) {
  for (const auto& [from, to] : facts.link_targets)
    if (from == path) return to;
  return path;
}

bool is_system_path(std::string_view path) {
  // Those that hold programs and settings in every image, with all that is below them ...
  static constexpr std::string_view trees[] = {
      "/bin",     "/sbin",      "/lib",       "/lib32",         "/lib64",          "/etc",
      "/dev",     "/proc",      "/sys",       "/boot",          "/usr/bin",        "/usr/sbin",
      "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib"};
  // ... and those above them, below which applications do live.
  static constexpr std::string_view parents[] = {"/",    "/usr",     "/usr/local", "/usr/share",
                                                 "/var", "/var/lib", "/run",       "/opt"};
  return std::any_of(std::begin(trees), std::end(trees),
                     [&](auto tree) { return path_is_below(path, tree); }) ||
         std::find(std::begin(parents), std::end(parents), path) != std::end(parents);
}

}  // namespace nemoclaw::policy
