#include "proxy/net/readiness.h"

#include <memory>
#include <tuple>
#include <utility>

// The signatures below are Asio 1.22's; a later version wants one argument more in start_op.
static_assert(ASIO_VERSION / 100 == 1022, "look at epoll_reactor::start_op of this Asio");

namespace nemoclaw::net {

namespace {

using asio::detail::reactor;
using asio::detail::reactor_op;

// impl_ is protected: meant for classes made from basic_socket, of which this one is used for its rights
// only.
struct SocketParts : tcp::socket {
  static auto& of(tcp::socket& socket) { return (socket.*(&SocketParts::impl_)).get_implementation(); }
};

struct Canceller {
  reactor* events;
  reactor::per_descriptor_data* data;
  int descriptor;
  void operator()(asio::cancellation_type_t) {
    events->cancel_ops_by_key(descriptor, *data, reactor::read_op, this);
  }
};

template <typename Handler>
class WaitOperation : public reactor_op {
 public:
  WaitOperation(Handler handler, Reader* reader)
      : reactor_op(asio::error_code(), &perform_any, &complete_any),
        handler_(std::move(handler)),
        reader_(reader) {}

 private:
  static status perform_any(reactor_op* base) {
    auto* self = static_cast<WaitOperation*>(base);
    if (self->reader_) return self->reader_->read_ready() ? done : not_done;
    return self->starting_ ? not_done : done;
  }

  static void complete_any(void* owner, asio::detail::operation* base, const asio::error_code&, size_t) {
    std::unique_ptr<WaitOperation> self(static_cast<WaitOperation*>(base));
    if (!owner) return;  // the loop is being destroyed
    Handler handler = std::move(self->handler_);
    const asio::error_code code = self->ec_;
    self.reset();
    std::move(handler)(code);
  }

  Handler handler_;
  Reader* reader_;

 public:
  bool starting_ = true;  // asked by start_op itself and not by an event
};

struct StartWait {
  tcp::socket& socket;
  Reader* reader;

  template <typename Handler>
  void operator()(Handler&& handler) const {
    auto& parts = SocketParts::of(socket);
    auto& events = asio::use_service<reactor>(asio::query(socket.get_executor(), asio::execution::context));
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto operation =
        std::make_unique<WaitOperation<std::decay_t<Handler>>>(std::forward<Handler>(handler), reader);
    if (slot.is_connected())
      operation->cancellation_key_ =
          &slot.template emplace<Canceller>(Canceller{&events, &parts.reactor_data_, parts.socket_});
    const bool may_perform_now = true;
    auto* started = operation.release();
    events.start_op(reactor::read_op, parts.socket_, parts.reactor_data_, started, true, may_perform_now);
    started->starting_ = false;  // completions are posted: it still lives
  }
};

}  // namespace

Task<asio::error_code> wait_readable(tcp::socket& socket) {
  const auto [code] = co_await asio::async_initiate<decltype(kTuple), void(asio::error_code)>(
      StartWait{socket, nullptr}, kTuple);
  co_return code;
}

void read_until_done(tcp::socket& socket, Reader& reader, std::function<void(const asio::error_code&)> done) {
  StartWait{socket, &reader}(std::move(done));
}

}  // namespace nemoclaw::net
