#include "proxy/dns/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "proxy/net/listener.h"

namespace nemoclaw::dns {

namespace {

constexpr size_t kAddressesMax = 64;
constexpr uint32_t kHostsTtl = 60;
constexpr int kClassInternet = 1;

using Addresses = std::vector<asio::ip::address>;

// One socket of c-ares on the event loop. c-ares closes its sockets itself, so the descriptor is released,
// not closed.
struct Watch {
  Watch(const asio::any_io_executor& executor, ares_socket_t socket) : descriptor(executor, socket) {}
  ~Watch() { descriptor.release(); }
  asio::posix::stream_descriptor descriptor;
  bool want_read = false, want_write = false;
  bool reading = false, writing = false;
};

struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : done(executor) {
    done.expires_at(std::chrono::steady_clock::time_point::max());
  }
  asio::steady_timer done;  // cancelled when the answer is there
  bool finished = false;
  int status = ARES_ECANCELLED;
  Found found;
  std::string message;  // of a query
};

void append_addresses(const ares_addrinfo* answer, Found& found) {
  Addresses& addresses = found.addresses;
  for (const ares_addrinfo_node* node = answer->nodes; node && addresses.size() < kAddressesMax;
       node = node->ai_next) {
    const auto ttl = static_cast<uint32_t>(std::max(node->ai_ttl, 0));
    found.ttl_s = addresses.empty() ? ttl : std::min(found.ttl_s, ttl);
    if (node->ai_family == AF_INET) {
      asio::ip::address_v4::bytes_type raw;
      memcpy(raw.data(), &reinterpret_cast<const sockaddr_in*>(node->ai_addr)->sin_addr, raw.size());
      addresses.push_back(asio::ip::address_v4(raw));
    } else if (node->ai_family == AF_INET6) {
      asio::ip::address_v6::bytes_type raw;
      memcpy(raw.data(), &reinterpret_cast<const sockaddr_in6*>(node->ai_addr)->sin6_addr, raw.size());
      addresses.push_back(asio::ip::address_v6(raw));
    }
  }
}

// c-ares calls back with a heap-held reference, because it may outlive the coroutine that asked.
void take_answer(void* context, int status, int, ares_addrinfo* answer) {
  const std::unique_ptr<std::shared_ptr<Lookup>> holder(static_cast<std::shared_ptr<Lookup>*>(context));
  Lookup& lookup = **holder;
  lookup.status = status;
  lookup.finished = true;
  if (answer) {
    append_addresses(answer, lookup.found);
    ares_freeaddrinfo(answer);
  }
  lookup.done.cancel();
}

void take_message(void* context, int status, int, unsigned char* message, int length) {
  const std::unique_ptr<std::shared_ptr<Lookup>> holder(static_cast<std::shared_ptr<Lookup>*>(context));
  Lookup& lookup = **holder;
  lookup.status = status;
  lookup.finished = true;
  if (message && length > 0)
    lookup.message.assign(reinterpret_cast<const char*>(message), static_cast<size_t>(length));
  lookup.done.cancel();
}

Error failure_of(int status, const std::string& name) {
  if (status == ARES_ENOTFOUND) return Error{ENOENT, quoted(name) + " does not exist", 1};
  if (status == ARES_ENODATA || status == ARES_SUCCESS)
    return Error{ENODATA, quoted(name) + " has no address", 1};
  return make_error(quoted(name) + ": " + ares_strerror(status));
}

int address_family(Family family) {
  return family == Family::V4 ? AF_INET : family == Family::V6 ? AF_INET6 : AF_UNSPEC;
}

bool is_of(const asio::ip::address& address, Family family) {
  return family == Family::Any || address.is_v4() == (family == Family::V4);
}

class CaresResolver final : public Resolver {
 public:
  CaresResolver(asio::any_io_executor executor, ResolvConf configuration, Hosts hosts)
      : executor_(executor),
        timer_(executor),
        configuration_(std::move(configuration)),
        hosts_(std::move(hosts)) {}

  ~CaresResolver() override {
    *alive_ = false;
    if (channel_) ares_destroy(channel_);
  }

  Result<void> open();
  net::Task<Result<Found>> look_up(std::string name, Family family) override;
  net::Task<Result<std::string>> query(std::string name, uint16_t type) override;

 private:
  static void on_state(void* self, ares_socket_t socket, int readable, int writable) {
    static_cast<CaresResolver*>(self)->watch(socket, readable != 0, writable != 0);
  }
  // Before connect(2), so that not even a TCP handshake leaves without the mark.
  static int on_socket(ares_socket_t socket, int, void*) {
    return net::set_proxy_mark(FdRef(socket)) ? 0 : -1;
  }

  void watch(ares_socket_t socket, bool readable, bool writable);
  void arm(ares_socket_t socket, const std::shared_ptr<Watch>& watch);
  void arm_timer();

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  ResolvConf configuration_;
  Hosts hosts_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Watch>> watches_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

Result<void> CaresResolver::open() {
  if (configuration_.nameservers.empty()) return {};  // hosts entries only
  ares_options options = {};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.timeout = static_cast<int>(configuration_.timeout_s * 1000);
  options.tries = static_cast<int>(configuration_.attempts);
  options.ndots = 0;
  options.sock_state_cb = on_state;
  options.sock_state_cb_data = this;
  char dns_only[] = "b";  // never the host's own /etc/hosts
  options.lookups = dns_only;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
                   ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS;
  int status = ares_init_options(&channel_, &options, mask);
  if (status != ARES_SUCCESS) return make_error(std::string("start the resolver: ") + ares_strerror(status));
  ares_set_socket_configure_callback(channel_, on_socket, nullptr);
  std::string servers;
  for (const std::string& server : configuration_.nameservers) {
    if (!servers.empty()) servers += ',';
    servers += server.find(':') == std::string::npos ? server : "[" + server + "]";
  }
  status = ares_set_servers_csv(channel_, servers.c_str());
  if (status != ARES_SUCCESS)
    return make_error("name servers " + quoted(servers) + ": " + ares_strerror(status));
  return {};
}

void CaresResolver::watch(ares_socket_t socket, bool readable, bool writable) {
  std::shared_ptr<Watch>& entry = watches_[socket];
  if (!readable && !writable) {
    if (entry) {
      entry->want_read = entry->want_write = false;
      entry->descriptor.release();  // cancels the waits; c-ares closes the socket after this call
    }
    watches_.erase(socket);
    return;
  }
  if (!entry) entry = std::make_shared<Watch>(executor_, socket);
  entry->want_read = readable;
  entry->want_write = writable;
  arm(socket, entry);
}

void CaresResolver::arm(ares_socket_t socket, const std::shared_ptr<Watch>& watch) {
  using Descriptor = asio::posix::stream_descriptor;
  const auto wait = [this, socket, watch](bool Watch::*busy, bool Watch::*want, Descriptor::wait_type type) {
    if ((*watch).*busy || !((*watch).*want)) return;
    (*watch).*busy = true;
    watch->descriptor.async_wait(type, [=, this, alive = alive_](const asio::error_code& code) {
      (*watch).*busy = false;
      if (code || !*alive || !((*watch).*want)) return;
      const bool reading = type == Descriptor::wait_read;
      ares_process_fd(channel_, reading ? socket : ARES_SOCKET_BAD, reading ? ARES_SOCKET_BAD : socket);
      arm_timer();
      if ((*watch).*want) arm(socket, watch);
    });
  };
  wait(&Watch::reading, &Watch::want_read, Descriptor::wait_read);
  wait(&Watch::writing, &Watch::want_write, Descriptor::wait_write);
}

void CaresResolver::arm_timer() {
  timeval storage = {};
  const timeval* next = ares_timeout(channel_, nullptr, &storage);
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
  timer_.async_wait([this, alive = alive_](const asio::error_code& code) {
    if (code || !*alive) return;
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timer();
  });
}

net::Task<Result<Found>> CaresResolver::look_up(std::string name, Family family) {
  asio::error_code not_literal;
  const asio::ip::address literal = asio::ip::make_address(name, not_literal);
  if (!not_literal) co_return Found{{literal}, 0};
  if (const auto entry = hosts_.find(name); entry != hosts_.end()) {
    Found found{{}, kHostsTtl};
    for (const std::string& text : entry->second)
      if (const auto address = asio::ip::make_address(text, not_literal); is_of(address, family))
        found.addresses.push_back(address);
    if (found.addresses.empty()) co_return failure_of(ARES_ENODATA, name);
    co_return found;
  }
  if (!channel_) co_return make_error("the container's resolv.conf names no server");

  const auto lookup = std::make_shared<Lookup>(executor_);
  ares_addrinfo_hints hints = {};
  hints.ai_flags = ARES_AI_NOSORT;  // sorting would connect sockets of its own
  hints.ai_family = address_family(family);
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, take_answer, new std::shared_ptr<Lookup>(lookup));
  arm_timer();
  if (!lookup->finished) co_await lookup->done.async_wait(net::kTuple);
  if (lookup->status != ARES_SUCCESS || lookup->found.addresses.empty())
    co_return failure_of(lookup->status, name);
  co_return std::move(lookup->found);
}

net::Task<Result<std::string>> CaresResolver::query(std::string name, uint16_t type) {
  if (!channel_) co_return make_error("the container's resolv.conf names no server");
  const auto lookup = std::make_shared<Lookup>(executor_);
  ares_query(channel_, name.c_str(), kClassInternet, type, take_message, new std::shared_ptr<Lookup>(lookup));
  arm_timer();
  if (!lookup->finished) co_await lookup->done.async_wait(net::kTuple);
  if (lookup->status != ARES_SUCCESS) co_return failure_of(lookup->status, name);
  co_return std::move(lookup->message);
}

}  // namespace

net::Task<Result<Addresses>> Resolver::resolve(std::string name) {
  Result<Found> found = co_await look_up(std::move(name), Family::Any);
  if (!found) co_return std::move(found).error();
  co_return std::move(found->addresses);
}

Result<std::unique_ptr<Resolver>> Resolver::create(asio::any_io_executor executor, ResolvConf configuration,
                                                   Hosts hosts) {
  auto resolver =
      std::make_unique<CaresResolver>(std::move(executor), std::move(configuration), std::move(hosts));
  TRY(resolver->open());
  return std::unique_ptr<Resolver>(std::move(resolver));
}

}  // namespace nemoclaw::dns
