// The first bytes of a client: the same answer however they are cut, and nothing lost on the way to the
// origin.
#include <cstdlib>

#include "proxy/tls/sniff.h"

using namespace nemoclaw::tls;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Sniffer whole, bytewise;
  whole.feed(bytes);
  if (whole.bytes() != bytes) abort();
  for (size_t i = 0; i < size && bytewise.feed(bytes.substr(i, 1)); ++i) {
  }
  const Sniffed &one = whole.result(), &other = bytewise.result();
  if (one.protocol != other.protocol || one.name != other.name || one.malformed != other.malformed ||
      whole.needs_more() != bytewise.needs_more())
    abort();
  whole.end();
  if (whole.needs_more() || whole.result().protocol == Protocol::Undecided) abort();
  return 0;
}
