// filesystem_policy, landlock and integrity: the sections that hold paths.
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

Key<FilesystemPolicy> paths(const char* name, std::vector<Path> FilesystemPolicy::*member,
                            const char* summary) {
  return other<FilesystemPolicy>(
      name, list_shape(text_shape(kAbsolutePath)),
      [=](Diagnostics& d, const Node& node, FilesystemPolicy& out) {
        out.*member = read_paths(d, node, name, false);
      },
      summary);
}

const Keys<FilesystemPolicy>& filesystem_keys() {
  static const Keys<FilesystemPolicy> keys = {
      boolean("include_workdir", &FilesystemPolicy::include_workdir,
              "The working directory becomes read-write."),
      paths("read_only", &FilesystemPolicy::read_only, "Read, list and execute."),
      paths("read_write", &FilesystemPolicy::read_write, "Everything."),
      paths("no_access", &FilesystemPolicy::no_access, "Hidden even when below a readable path."),
      other<FilesystemPolicy>(
          "execute", list_shape(text_shape(kBinaryPath)),
          [](Diagnostics& d, const Node& node, FilesystemPolicy& out) {
            out.execute = read_paths(d, node, "execute", true);
          },
          "If present, only these may be executed; paths or globs."),
  };
  return keys;
}

const Keys<LandlockPolicy>& landlock_keys() {
  static const Keys<LandlockPolicy> keys = {
      choice<LandlockPolicy>(
          "compatibility", {"best_effort", "hard_requirement"},
          [](LandlockPolicy& out, size_t index) { out.hard_requirement = index == 1; },
          "Whether a kernel that lacks a protection is accepted."),
  };
  return keys;
}

// One absolute path as the value of a key.
template <typename T>
Key<T> path_text(const char* name, std::string T::*member, const char* summary) {
  return other<T>(
      name, text_shape(kAbsolutePath),
      [=](Diagnostics& d, const Node& node, T& out) {
        auto path = read_text(d, node, name);
        if (path && check_path(d, node.at, name, *path) && check_no_glob(d, node.at, name, *path))
          out.*member = clean_path(*path);
      },
      summary);
}

const Keys<IntegrityFile>& integrity_file_keys() {
  static const Keys<IntegrityFile> keys = {
      required(
          path_text("path", &IntegrityFile::path, "The file that is checked before the process starts.")),
      required(other<IntegrityFile>(
          "sha256", text_shape(kSha256, true),
          [](Diagnostics& d, const Node& node, IntegrityFile& out) {
            if (auto text = read_text(d, node, "sha256", Numbers::Accepted))
              if (auto digest = check_sha256(d, node.at, *text)) out.sha256 = std::move(*digest);
          },
          "Its SHA-256 in hex.")),
  };
  return keys;
}

const Keys<IntegrityLinks>& integrity_links_keys() {
  static const Keys<IntegrityLinks> keys = {
      required(path_text("directory", &IntegrityLinks::directory, "Every symbolic link in it is checked.")),
      required(path_text("must_point_into", &IntegrityLinks::must_point_into, "Where the links may lead.")),
  };
  return keys;
}

const Keys<Integrity>& integrity_keys() {
  static const Keys<Integrity> keys = {
      objects("files", &Integrity::files, integrity_file_keys, "an item of files",
              "Files with their digests."),
      objects("symlinks", &Integrity::symlinks, integrity_links_keys, "an item of symlinks",
              "Directories whose links are checked."),
      other<Integrity>(
          "read_only_mounts", list_shape(text_shape(kAbsolutePath)),
          [](Diagnostics& d, const Node& node, Integrity& out) {
            out.read_only_mounts = read_paths(d, node, "read_only_mounts", false);
          },
          "Directories that must be read-only mounts."),
  };
  return keys;
}

void decode_filesystem(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  policy.filesystem.present = true;
  policy.filesystem.include_workdir = false;  // a section that is written says all it means
  decode_map(diagnostics, node, "filesystem_policy", filesystem_keys(), policy.filesystem);
  check_root_not_writable(diagnostics, policy.filesystem);
  check_path_count(diagnostics, policy.filesystem);
}

}  // namespace

std::vector<Path> read_paths(Diagnostics& diagnostics, const Node& node, std::string_view key, bool globs) {
  std::vector<Path> paths;
  for_each_item(diagnostics, node, key, [&](const Node& item) {
    const auto text = read_text(diagnostics, item, key);
    if (!text) return;
    const bool anywhere = globs && text->rfind("**/", 0) == 0;
    if (!check_path(diagnostics, item.at, key, anywhere ? "/" + *text : *text)) return;
    if (!globs && !check_no_glob(diagnostics, item.at, key, *text)) return;
    check_glob_components(diagnostics, item.at, key, *text);
    paths.push_back({anywhere ? *text : clean_path(*text), item.at});
  });
  return paths;
}

Key<Policy> filesystem_section() {
  return other<Policy>("filesystem_policy", object_shape(filesystem_keys), decode_filesystem,
                       "Which files may be read, written and executed.");
}

Key<Policy> landlock_section() {
  return object("landlock", &Policy::landlock, landlock_keys, "How strictly the kernel must support it.");
}

Key<Policy> integrity_section() {
  return object("integrity", &Policy::integrity, integrity_keys,
                "What must be true of files before the process starts.");
}

}  // namespace nemoclaw::policy
