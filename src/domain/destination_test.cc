#include "domain/destination.h"

#include <gtest/gtest.h>

#include <string>

#include "domain/http_url.h"

namespace tollgate {
namespace {

enum class From { kFile, kApi, kApiInside };

Provider leading_to(const std::string& url, From from) {
  Provider provider;
  provider.base_url = parse_base_url(url).value();
  provider.source = from == From::kFile ? "file" : "api";
  provider.allow_private = from == From::kApiInside;
  return provider;
}

AddressScope scope(const std::string& url, From from) { return scope_of(leading_to(url, from)); }
bool refused(const std::string& url, From from) {
  return destination_problem(leading_to(url, from)).has_value();
}

TEST(DestinationTest, TheFilesProvidersReachPrivateAddresses) {
  for (const auto* url : {"http://127.0.0.1:1/v1", "http://vllm.internal/v1",
                          "https://api.example.com/v1", "http://[::1]/v1"}) {
    EXPECT_EQ(scope(url, From::kFile), AddressScope::kPrivateToo) << url;
    EXPECT_FALSE(refused(url, From::kFile)) << url;
  }
}

TEST(DestinationTest, TheApisReachPrivateOnesOnlyByALiteralOrANameOfOnesOwn) {
  for (const auto* url : {"http://127.0.0.1:1/v1", "http://10.1.2.3/v1", "http://[fd00::1]/v1",
                          "http://localhost:11434/v1", "http://ollama:11434/v1",
                          "http://gpu.lan/v1", "http://vllm.models.svc.cluster.local/v1"}) {
    EXPECT_EQ(scope(url, From::kApi), AddressScope::kPublicOnly) << url;
    EXPECT_TRUE(refused(url, From::kApi)) << url;
    EXPECT_EQ(scope(url, From::kApiInside), AddressScope::kPrivateToo) << url;
    EXPECT_FALSE(refused(url, From::kApiInside)) << url;
  }
}

TEST(DestinationTest, APublicNameNeverLeadsInsideEvenWhereThatIsAllowed) {
  for (const auto* url : {"https://api.example.com/v1", "http://localhost.example.com/v1",
                          "http://127.0.0.1.example.com/v1", "http://internal.example/v1"}) {
    EXPECT_EQ(scope(url, From::kApiInside), AddressScope::kPublicOnly) << url;
    EXPECT_FALSE(refused(url, From::kApi)) << url;
  }
}

TEST(DestinationTest, ForbiddenAddressesAreRefusedFromEverybody) {
  for (const auto* url :
       {"http://169.254.169.254/v1", "http://0.0.0.0/v1", "http://[fe80::1]/v1",
        "http://[::ffff:169.254.169.254]/v1", "http://[fd00:ec2::254]/v1", "http://224.0.0.1/",
        "http://255.255.255.255/", "http://[::]/v1", "http://100.100.100.200/latest"}) {
    for (const From from : {From::kFile, From::kApi, From::kApiInside}) {
      EXPECT_TRUE(refused(url, from)) << url;
    }
  }
}

}  // namespace
}  // namespace tollgate
