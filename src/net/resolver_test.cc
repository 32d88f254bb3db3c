#include "net/resolver.h"

#include <gtest/gtest.h>

#include <latch>

#include "net/test_peer.h"

namespace tollgate::net {
namespace {

using std::chrono::milliseconds;

Task<Result<Addresses>> look_up(Resolver& resolver, IoThread& thread, std::string host,
                                milliseconds timeout) {
  co_return co_await resolver.resolve(thread, std::move(host), 8'080, timeout);
}

std::string text_of(const Result<Addresses>& addresses) {
  if (!addresses) return std::string(error_code_name(addresses.error().code));
  std::string text;
  for (const SocketAddress& address : *addresses) {
    std::array<char, 64> bytes{};
    const bool v6 = address.storage.ss_family == AF_INET6;
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address.storage);
    const auto& four = reinterpret_cast<const sockaddr_in&>(address.storage);
    inet_ntop(address.storage.ss_family,
              v6 ? static_cast<const void*>(&six.sin6_addr) : &four.sin_addr, bytes.data(),
              bytes.size());
    text += std::string(bytes.data()) + " " +
            std::to_string(ntohs(v6 ? six.sin6_port : four.sin_port)) + " ";
  }
  return text;
}

class ResolverTest : public testing::Test {
 protected:
  std::string resolve(std::string host, milliseconds timeout = milliseconds(10'000)) {
    return text_of(loop_.run(look_up(resolver_, loop_.thread(), std::move(host), timeout)));
  }
  // The pool's only thread does nothing until release().
  void hold_up_the_pool() {
    std::latch started(1);
    EXPECT_TRUE(pool_.submit([&] {
      started.count_down();
      release_.wait();
    }));
    started.wait();
  }
  void release() { release_.count_down(); }

  TestLoop loop_;
  std::latch release_{1};
  BlockingPool pool_{1};
  Resolver resolver_{pool_};
};

TEST_F(ResolverTest, FindsALocalName) {
  const std::string found = resolve("localhost");
  EXPECT_TRUE(found.find("127.0.0.1 8080") != std::string::npos ||
              found.find("::1 8080") != std::string::npos)
      << found;
}

TEST_F(ResolverTest, ANameWithoutAnAddressIsAProviderError) {
  EXPECT_EQ(resolve(std::string(300, 'x')), "provider_error");
}

TEST_F(ResolverTest, ALiteralAddressNeedsNoThread) {
  hold_up_the_pool();
  EXPECT_EQ(resolve("127.0.0.2"), "127.0.0.2 8080 ");
  EXPECT_EQ(resolve("::1"), "::1 8080 ");
  release();
}

TEST_F(ResolverTest, RemembersANameAndAsksNoMore) {
  const std::string found = resolve("localhost");
  hold_up_the_pool();
  EXPECT_EQ(resolve("localhost"), found);
  release();
}

TEST_F(ResolverTest, ALookUpHasADeadlineAndItsLateAnswerHurtsNobody) {
  hold_up_the_pool();
  EXPECT_EQ(resolve("localhost", milliseconds(1)), "provider_timeout");
  release();
  EXPECT_NE(resolve("localhost"), "provider_timeout");  // behind the late one in the queue
}

TEST_F(ResolverTest, RefusesWhenTooManyLookUpsWait) {
  hold_up_the_pool();
  while (pool_.submit([] {})) {
  }
  EXPECT_EQ(resolve("localhost"), "service_unavailable");
  release();
}

}  // namespace
}  // namespace tollgate::net
