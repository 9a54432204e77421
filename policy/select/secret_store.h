// The node's secrets: a file each, with its name. nemoclawctl writes them, the proxy reads them; nothing else
// does. What systemd decrypts for a unit is read as well, if the node's configuration names its directory.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/select/select.h"
#include "runtime/base/result.h"

namespace nemoclaw::policy {

// Of one secret. What is shorter cannot be told from other text where it is to be masked; what is longer is
// no header.
inline constexpr size_t kSecretBytesMin = 8, kSecretBytesMax = size_t{16} << 10;

// `<state_directory>/secrets`, which nemoclawctl writes, and `credentials_directory`.
std::string secrets_directory(const NodeConfig& config);

struct StoredSecret {
  std::string name, directory;
  size_t bytes = 0;
  time_t changed = 0;
  std::string problem;  // why the proxy would not use it; empty: it does
};

// Both directories; of two of one name the first is used, and only that is listed.
Result<std::vector<StoredSecret>> list_secrets(const NodeConfig& config);
// Replaces one of this name. The value as it is to be sent.
Result<void> set_secret(const NodeConfig& config, std::string_view name, std::string_view value);
// An error if there is none.
Result<void> remove_secret(const NodeConfig& config, std::string_view name);
// "" or why nobody would send this.
std::string secret_problem(std::string_view value);

// Reads a file again when it changed, so that a secret that is set again is used from the next request on.
class SecretReader {
 public:
  explicit SecretReader(const NodeConfig& config);
  ~SecretReader();
  SecretReader(const SecretReader&) = delete;
  SecretReader& operator=(const SecretReader&) = delete;

  // An error says what to do about it, and never holds the value.
  Result<std::string> read(std::string_view name);

 private:
  struct Known {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec changed{};
    std::string value;
  };
  static void forget(Known& known);

  std::vector<std::string> directories_;
  std::map<std::string, Known, std::less<>> known_;  // by path
};

}  // namespace nemoclaw::policy
