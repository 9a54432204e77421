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
