#include "ctl/metrics_server.h"

#include <gtest/gtest.h>

namespace nemoclaw::ctl {
namespace {

TEST(MetricsServer, ListensOnAddressesOnly) {
  for (const auto& [text, address, port] :
       {std::tuple{"127.0.0.1:9464", "127.0.0.1", 9464}, {"[::1]:80", "::1", 80}, {"0.0.0.0:65535", "0.0.0.0", 65535}}) {
    const Result<ListenAddress> where = parse_listen_address(text);
    ASSERT_TRUE(where) << text;
    EXPECT_EQ(where->address, address);
    EXPECT_EQ(where->port, port);
  }
  for (const char* text : {"", ":", "9464", "localhost:9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                           "127.0.0.1:9464x", "::1:9464", "[::1]", "[]:80", "[127.0.0.1]:80", "127.1:80"})
    EXPECT_FALSE(parse_listen_address(text)) << text;
}

TEST(MetricsServer, AnswersOnePage) {
  const auto page = [] { return std::string("x 1\n"); };
  const std::string fine = answer_scraper("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", page);
  EXPECT_EQ(fine,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 4\r\n"
            "Connection: close\r\n\r\nx 1\n");
  EXPECT_EQ(answer_scraper("GET /metrics?a=b HTTP/1.0\r\n\r\n", page), fine);
  for (const auto& [head, status] : {std::pair{"GET / HTTP/1.1\r\n\r\n", "404"},
                                     {"GET /metrics/ HTTP/1.1\r\n\r\n", "404"},
                                     {"POST /metrics HTTP/1.1\r\n\r\n", "405"},
                                     {"GET /metrics HTTP/1.1\r\n", "400"},
                                     {"GET /metrics\r\n\r\n", "400"},
                                     {"GET HTTP/1.1\r\n\r\n", "400"},
                                     {"\r\n\r\n", "400"},
                                     {"GET /metrics HTTP/2.0\r\n\r\n", "400"}})
    EXPECT_EQ(answer_scraper(head, page).substr(9, 3), status) << head;
}

}  // namespace
}  // namespace nemoclaw::ctl
