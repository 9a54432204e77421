// Where containers are remembered: <root>/<id>/ with state.json, effective.json and the start socket. The
// root may be shared with other runtimes (Docker gives all of them one): what does not decode as ours is
// nobody's business here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/effective_spec.h"
#include "runtime/oci/state.h"

namespace nemoclaw::container {

// A container's directory, opened. With a lock, verbs that change the same container wait for each other; the
// lock ends with the object (or with the process).
class StateDirectory {
 public:
  StateDirectory() = default;
  StateDirectory(std::string path, Fd directory, bool locked)
      : path_(std::move(path)), directory_(std::move(directory)), locked_(locked) {}
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&& other) noexcept;
  ~StateDirectory() { unlock(); }

  const std::string& path() const { return path_; }
  FdRef fd() const { return directory_; }

  // The first call after an open() without a lock answers with what open() has read.
  Result<oci::StateRecord> read_record();
  Result<void> write_record(const oci::StateRecord& record) const;
  Result<oci::EffectiveSpec> read_effective() const;
  Result<void> write_effective(const oci::EffectiveSpec& effective) const;
  // True while another process holds the lock.
  bool is_locked_elsewhere() const;
  bool has(const char* name) const;

  // Removes the directory with everything in it.
  Result<void> remove();
  void unlock();

 private:
  std::string path_;
  Fd directory_;
  std::optional<oci::StateRecord> just_read_;
  bool locked_ = false;

  friend class StateStore;
};

enum class Lock : uint8_t { None, Exclusive };

// Error::errno_value of "container does not exist"; callers that tolerate absence test for it.
constexpr char kEffectiveFile[] = "effective.json";
constexpr int kNoSuchContainer = 2;  // ENOENT

class StateStore {
 public:
  // `root` is absolute. Nothing is created until reserve().
  explicit StateStore(std::string root) : root_(std::move(root)) {}
  const std::string& root() const { return root_; }

  // Makes <root>/<id>, locked. "container with given ID already exists" if anything is there.
  Result<StateDirectory> reserve(const std::string& id) const;
  // "container does not exist" (errno_value kNoSuchContainer) also for directories of other runtimes. A
  // directory that a killed create left before it wrote its first record is opened, and its record is an
  // error.
  Result<StateDirectory> open(const std::string& id, Lock lock) const;
  // Ids of our containers, sorted.
  Result<std::vector<std::string>> list() const;

 private:
  std::string root_;
};

// Pure: decodes a state.json and tells ours from another runtime's; `id` is the directory's name.
Result<oci::StateRecord> decode_own_record(std::string_view text, const std::string& id);

}  // namespace nemoclaw::container
