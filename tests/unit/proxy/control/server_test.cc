#include "proxy/control/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "proxy/holder/sockets.h"
#include "runtime/base/file.h"

namespace nemoclaw::control {
namespace {

class ControlServer : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/control-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    path_ = directory_ + "/control.sock";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Sends the text over one connection and returns everything until `answers` lines have come.
  std::string exchange(const std::string& text, int answers) {
    asio::io_context loop;
    Result<Fd> listener = holder::listen_control(path_);
    EXPECT_TRUE(listener) << listener.error().message;
    const auto acceptor = adopt_control(loop.get_executor(), std::move(*listener));
    net::start(loop.get_executor(),
               serve_control(acceptor, [](const std::string& operation, const json::Value& request) {
                 const json::Value* extra = request.find("x");
                 return "{\"op\":" + json::quote(operation) +
                        ",\"x\":" + json::quote(extra ? extra->string : "") + "}";
               }, [](std::string_view path) {
                 return path == "/metrics" ? std::optional<std::string>("x 1\n") : std::nullopt;
               }));
    std::string received;
    net::start(loop.get_executor(),
               [](std::string where, std::string sent, int wanted, std::string& got,
                  asio::io_context& context) -> net::Task<void> {
                 asio::local::stream_protocol::socket socket(context);
                 const asio::local::stream_protocol::endpoint endpoint(where);
                 const auto [connected] = co_await socket.async_connect(endpoint, net::kTuple);
                 EXPECT_FALSE(connected);
                 co_await asio::async_write(socket, asio::buffer(sent), net::kTuple);
                 while (wanted-- > 0) {
                   std::string line;
                   const auto [code, size] =
                       co_await asio::async_read_until(socket, asio::dynamic_buffer(line), '\n', net::kTuple);
                   if (code) break;
                   wanted -= static_cast<int>(std::count(line.begin(), line.end(), '\n')) - 1;
                   got += line;
                 }
                 context.stop();
               }(path_, text, answers, received, loop));
    loop.run();
    return received;
  }
  std::string directory_, path_;
};

// Clients of one server, each by hand: what it is that the server closes shows in what they read.
class HostilePeers : public ControlServer {
 protected:
  using Socket = asio::local::stream_protocol::socket;
  void start(PeerLimits limits) {
    Result<Fd> listener = holder::listen_control(path_);
    ASSERT_TRUE(listener) << listener.error().message;
    acceptor_ = adopt_control(loop_.get_executor(), std::move(*listener));
    net::start(loop_.get_executor(),
               serve_control(acceptor_, [](const std::string&, const json::Value&) { return std::string("{}"); }, {}, limits));
  }
  Socket connect() {
    Socket socket(loop_);
    socket.connect(asio::local::stream_protocol::endpoint(path_));
    loop_.poll();
    return socket;
  }
  // What came until the server closed; nothing comes any more when the loop has nothing left to do but wait.
  std::string read_to_end(Socket& socket) {
    std::string text;
    bool ended = false;
    asio::async_read(socket, asio::dynamic_buffer(text), [&ended](const asio::error_code&, size_t) { ended = true; });
    while (!ended) loop_.run_one();
    return text;
  }
  asio::io_context loop_;
  std::shared_ptr<Acceptor> acceptor_;
};

TEST_F(HostilePeers, whoBeginsARequestAndDoesNotFinishItIsClosed) {
  start({8, std::chrono::milliseconds(50)});
  Socket slow = connect(), patient = connect();
  asio::write(slow, asio::buffer("{\"op\":", 6));
  EXPECT_EQ(read_to_end(slow), "");
  // Who waits before a request may.
  asio::write(patient, asio::buffer("{\"op\":\"a\"}\n", 11));
  patient.shutdown(Socket::shutdown_send);
  EXPECT_EQ(read_to_end(patient), "{}\n");
}

TEST_F(HostilePeers, whoDoesNotReadTheAnswersIsClosed) {
  start({8, std::chrono::milliseconds(50)});
  Socket deaf = connect();
  deaf.non_blocking(true);
  std::string requests;
  for (int i = 0; i < 4096; ++i) requests += "{\"op\":\"a\"}\n";
  asio::error_code code;
  // Until the server takes no more, and then until it has closed.
  for (size_t at = 0; !code || code == asio::error::would_block;) {
    const size_t wrote = deaf.write_some(asio::buffer(requests) + at, code);
    at = code ? at : (at + wrote) % requests.size();
    loop_.run_one_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(code == asio::error::broken_pipe || code == asio::error::connection_reset) << code.message();
}

TEST_F(HostilePeers, aLineWithoutEndIsNotKept) {
  start({8, std::chrono::seconds(30)});
  Socket huge = connect();
  huge.non_blocking(true);
  const std::string piece(size_t{1} << 16, 'x');
  asio::error_code code;
  size_t sent = 0;
  while ((!code || code == asio::error::would_block) && sent < size_t{64} << 20) {
    sent += huge.write_some(asio::buffer(piece), code);
    loop_.poll();
  }
  EXPECT_LT(sent, size_t{8} << 20);
  EXPECT_TRUE(code == asio::error::broken_pipe || code == asio::error::connection_reset) << code.message();
}

TEST_F(HostilePeers, oneTooManyIsClosedAndTheOthersGoOn) {
  start({2, std::chrono::seconds(30)});
  Socket first = connect(), second = connect(), third = connect();
  EXPECT_EQ(read_to_end(third), "");
  asio::write(first, asio::buffer("{\"op\":\"a\"}\n", 11));
  first.shutdown(Socket::shutdown_send);
  EXPECT_EQ(read_to_end(first), "{}\n");
  Socket next = connect();
  asio::write(next, asio::buffer("{\"op\":\"a\"}\n", 11));
  next.shutdown(Socket::shutdown_send);
  EXPECT_EQ(read_to_end(next), "{}\n");
}

// Should the modes of the file and its directory ever be wrong.
TEST_F(HostilePeers, anotherUserIsClosed) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to be another user";
  start({});
  chmod(directory_.c_str(), 0755);
  chmod(path_.c_str(), 0666);
  const pid_t child = fork();
  if (child == 0) {
    if (setresuid(65534, 65534, 65534) != 0) _exit(3);
    asio::io_context own;
    Socket socket(own);
    asio::error_code code;
    socket.connect(asio::local::stream_protocol::endpoint(path_), code);
    if (code) _exit(4);
    asio::write(socket, asio::buffer("{\"op\":\"a\"}\n", 11), code);
    char byte = 0;
    _exit(socket.read_some(asio::buffer(&byte, 1), code) == 0 ? 0 : 5);
  }
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) loop_.run_one_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(ControlServer, oneAnswerPerLine) {
  EXPECT_EQ(exchange("{\"op\":\"a\",\"x\":\"1\"}\n{\"op\":\"b\"}\n", 2),
            "{\"op\":\"a\",\"x\":\"1\"}\n{\"op\":\"b\",\"x\":\"\"}\n");
}

TEST_F(ControlServer, malformedRequestsAreAnswered) {
  for (const char* text : {"not json\n", "[]\n", "{}\n", "{\"op\":1}\n", "\n"})
    EXPECT_EQ(exchange(text, 1).rfind("{\"ok\":false,\"error\":", 0), 0u) << text;
}

TEST_F(ControlServer, pagesAreServedByHttp) {
  EXPECT_EQ(exchange("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 6),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 4\r\n"
            "Connection: close\r\n\r\nx 1\n");
  EXPECT_EQ(exchange("GET /other HTTP/1.0\r\n\r\n", 1).rfind("HTTP/1.1 404 Not Found\r\n", 0), 0u);
  // Neither HTTP nor JSON.
  EXPECT_EQ(exchange("GET /metrics\n", 1).rfind("{\"ok\":false,\"error\":", 0), 0u);
}

}  // namespace
}  // namespace nemoclaw::control
