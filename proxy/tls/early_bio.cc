#include "proxy/tls/early_bio.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nemoclaw::tls {

namespace {

struct State {
  int socket;
  std::string early;
};

State* state_of(BIO* bio) { return static_cast<State*>(BIO_get_data(bio)); }

bool is_temporary(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

int read_bytes(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  State* state = state_of(bio);
  if (!state->early.empty()) {
    const int taken = std::min(size, static_cast<int>(state->early.size()));
    std::memcpy(out, state->early.data(), static_cast<size_t>(taken));
    state->early.erase(0, static_cast<size_t>(taken));
    if (state->early.empty()) state->early.shrink_to_fit();
    return taken;
  }
  const ssize_t got = recv(state->socket, out, static_cast<size_t>(size), 0);
  if (got < 0 && is_temporary(errno)) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

int write_bytes(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t put = send(state_of(bio)->socket, data, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (put < 0 && is_temporary(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(put);
}

long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return 0;
}

int destroy(BIO* bio) {
  delete state_of(bio);
  BIO_set_data(bio, nullptr);
  return 1;
}

const BIO_METHOD* method() {
  static BIO_METHOD* const made = [] {
    BIO_METHOD* created = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "nemoclaw socket");
    if (!created) return created;
    BIO_meth_set_read(created, read_bytes);
    BIO_meth_set_write(created, write_bytes);
    BIO_meth_set_ctrl(created, control);
    BIO_meth_set_destroy(created, destroy);
    return created;
  }();
  return made;
}

}  // namespace

BioPtr make_early_bio(int socket, std::string early) {
  BioPtr bio(method() ? BIO_new(method()) : nullptr);
  if (!bio) return bio;
  BIO_set_data(bio.get(), new State{socket, std::move(early)});
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace nemoclaw::tls
