#include "proxy/serve/upstream_credentials.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>

#include "runtime/base/file.h"

namespace nemoclaw::serve {

namespace {

constexpr size_t kBytesMax = 4096;

}  // namespace

Result<std::string> render_basic_credentials(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const bool printable = std::all_of(text.begin(), text.end(), [](char each) {
    return static_cast<unsigned char>(each) >= 0x20 && each != 0x7f;
  });
  if (!printable || text.find(':') == text.npos || text.starts_with(':'))
    return make_error("expected one line, user:password");
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  encoded.resize(static_cast<size_t>(length));
  return "Basic " + encoded;
}

Result<std::string> read_basic_credentials(const std::string& file) {
  const Fd opened = TRY(open_file(file, O_RDONLY | O_NOCTTY));
  struct stat status;
  if (fstat(opened.raw(), &status) != 0) return errno_error(file);
  if ((status.st_mode & 07) != 0)
    return make_error(file + " is readable by everybody; take that away with chmod o-rwx");
  const std::string text = TRY(read_file(file, kBytesMax));
  return TRY_CONTEXT(render_basic_credentials(text), file);
}

}  // namespace nemoclaw::serve
