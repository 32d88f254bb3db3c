#include "upstream/targets.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "net/test_authority.h"

namespace tollgate {
namespace {

using std::chrono::milliseconds;

Provider provider(const std::string& id, const std::string& base_url) {
  Provider out;
  out.id = ProviderId(id);
  out.base_url = base_url;
  return out;
}

std::shared_ptr<const Snapshot> snapshot(std::vector<Provider> providers) {
  return build_snapshot({.providers = std::move(providers), .offers = {}}).value();
}

std::shared_ptr<const Targets> make(const std::shared_ptr<const Snapshot>& of,
                                    const TargetOptions& options = {}) {
  return Targets::make(of, options).value();
}

const Target& target(const Targets& targets, const std::string& id) {
  return targets.of(*targets.snapshot()->provider(ProviderId(id)));
}

TEST(Targets, SplitsTheBaseUrl) {
  const auto targets = make(snapshot({provider("p", "http://10.0.0.1:8000/api/v1/")}));
  const Target& one = target(*targets, "p");
  EXPECT_EQ(one.origin.host, "10.0.0.1");
  EXPECT_EQ(one.origin.port, 8'000);
  EXPECT_EQ(one.origin.host_header, "10.0.0.1:8000");
  EXPECT_EQ(one.base_path, "/api/v1");
  EXPECT_EQ(one.origin.tls, nullptr);
}

TEST(Targets, HasACredentialOnlyWhereTheProviderHasAKey) {
  Provider open = provider("open", "http://h");
  Provider keyed = provider("keyed", "http://h");
  keyed.api_key = Secret("the provider's own");
  const auto targets = make(snapshot({open, keyed}));
  EXPECT_TRUE(target(*targets, "open").credential.empty());
  EXPECT_EQ(target(*targets, "keyed").credential.expose(), "Bearer the provider's own");
}

TEST(Targets, AProviderMadeOverTheApiReachesPublicAddressesOnlyUnlessItMay) {
  Provider made = provider("made", "http://127.0.0.1:1/v1");
  made.source = "api";
  Provider allowed = made;
  allowed.id = ProviderId("allowed");
  allowed.allow_private = true;
  const auto targets = make(snapshot({provider("file", "http://127.0.0.1:1/v1"), made, allowed}));
  EXPECT_EQ(target(*targets, "file").origin.scope, AddressScope::kPrivateToo);
  EXPECT_EQ(target(*targets, "made").origin.scope, AddressScope::kPublicOnly);
  EXPECT_EQ(target(*targets, "allowed").origin.scope, AddressScope::kPrivateToo);
}

TEST(Targets, KeepsTheProvidersDeadlines) {
  Provider one = provider("p", "http://h");
  one.deadlines = {.connect = milliseconds(1),
                   .head = milliseconds(2),
                   .silence = milliseconds(3),
                   .total = milliseconds(4)};
  const auto targets = make(snapshot({one}));
  const net::CallDeadlines& deadlines = target(*targets, "p").deadlines;
  EXPECT_EQ(deadlines.connect, milliseconds(1));
  EXPECT_EQ(deadlines.head, milliseconds(2));
  EXPECT_EQ(deadlines.silence, milliseconds(3));
  EXPECT_EQ(deadlines.total, milliseconds(4));
}

ResponsesBy responses_by(const Targets& targets, const std::string& id) {
  return targets.responses_by(*targets.snapshot()->provider(ProviderId(id)));
}

TEST(Targets, ResponsesAreMadeByWhomTheSettingsName) {
  std::vector<Provider> providers;
  for (const Dialect dialect : {Dialect::kOpenAi, Dialect::kAnthropic, Dialect::kAzureOpenAi}) {
    for (const ResponsesRoute route :
         {ResponsesRoute::kAuto, ResponsesRoute::kNative, ResponsesRoute::kTranslated}) {
      Provider one = provider(
          std::string(dialect_name(dialect)) + "." + std::string(responses_route_name(route)),
          "http://h");
      one.dialect = dialect;
      one.responses = route;
      providers.push_back(one);
    }
  }
  const auto targets = make(snapshot(providers));
  for (const std::string id : {"openai.auto", "openai.native", "azure-openai.native"}) {
    EXPECT_EQ(responses_by(*targets, id), ResponsesBy::kProvider) << id;
  }
  for (const std::string id : {
           "openai.translated",
           "azure-openai.auto",
           "azure-openai.translated",
           "anthropic.auto",
           "anthropic.native",
       }) {
    EXPECT_EQ(responses_by(*targets, id), ResponsesBy::kTranslation) << id;
  }
  EXPECT_EQ(responses_by(*targets, std::string(kSandboxProvider)), ResponsesBy::kTranslation);
}

TEST(Targets, AProviderWithoutResponsesIsRememberedAsOne) {
  Provider told = provider("told", "http://h");
  told.responses = ResponsesRoute::kNative;
  const auto of = snapshot({provider("asked", "http://h"), provider("served", "http://h"), told});
  const auto targets = make(of);
  const auto at = [&](const std::string& id) -> const Provider& {
    return *of->provider(ProviderId(id));
  };
  EXPECT_TRUE(targets->may_lack_responses(at("asked")));
  EXPECT_EQ(responses_by(*targets, "asked"), ResponsesBy::kProvider);
  targets->responses_missing(at("asked"));
  EXPECT_EQ(responses_by(*targets, "asked"), ResponsesBy::kTranslation);
  // To another request, at the same time.
  EXPECT_TRUE(targets->may_lack_responses(at("asked")));
  // One that has answered has the path, whatever it says later.
  targets->responses_served(at("served"));
  EXPECT_FALSE(targets->may_lack_responses(at("served")));
  targets->responses_missing(at("served"));
  EXPECT_EQ(responses_by(*targets, "served"), ResponsesBy::kProvider);
  EXPECT_FALSE(targets->may_lack_responses(at("told")));
  EXPECT_EQ(responses_by(*targets, "told"), ResponsesBy::kProvider);
  EXPECT_EQ(responses_by(*make(of), "asked"), ResponsesBy::kProvider);
}

TEST(Targets, WhatIsKnownOfAProviderIsKeptUntilThatProviderChanges) {
  Provider keyed = provider("keyed", "http://h");
  keyed.api_key = Secret("the provider's own");
  const std::vector<Provider> made = {keyed, provider("plain", "http://h"),
                                      provider("served", "http://h")};
  const auto first = make(snapshot(made));
  for (const char* id : {"keyed", "plain"}) {
    first->responses_missing(*first->snapshot()->provider(ProviderId(id)));
  }
  first->responses_served(*first->snapshot()->provider(ProviderId("served")));

  const auto again = [&first](std::vector<Provider> providers) {
    return Targets::make(snapshot(std::move(providers)), {.generation = 2}, first.get()).value();
  };
  const auto second = again({made[0], made[1], made[2], provider("new", "http://h")});
  EXPECT_EQ(responses_by(*second, "keyed"), ResponsesBy::kTranslation);
  EXPECT_EQ(responses_by(*second, "plain"), ResponsesBy::kTranslation);
  EXPECT_EQ(responses_by(*second, "new"), ResponsesBy::kProvider);
  EXPECT_FALSE(second->may_lack_responses(*second->snapshot()->provider(ProviderId("served"))));

  std::vector<Provider> changed = made;
  changed[0].api_key = Secret("another");
  changed[1].base_url = "http://h/v2";
  const auto third = again(std::move(changed));
  EXPECT_EQ(responses_by(*third, "keyed"), ResponsesBy::kProvider);
  EXPECT_EQ(responses_by(*third, "plain"), ResponsesBy::kProvider);
  EXPECT_FALSE(third->may_lack_responses(*third->snapshot()->provider(ProviderId("served"))));
}

TEST(Targets, TheSandboxHasNone) {
  const auto targets = make(snapshot({}));
  EXPECT_THROW(target(*targets, std::string(kSandboxProvider)), Bug);
}

TEST(Targets, ProvidersAndReloadsNeverShareConnections) {
  const auto of = snapshot({provider("a", "https://h/v1"), provider("b", "https://h/v1")});
  const auto before = make(of, {.generation = 1});
  const auto after = make(of, {.generation = 2});
  EXPECT_NE(target(*before, "a").origin.pool_key, target(*before, "b").origin.pool_key);
  EXPECT_NE(target(*before, "a").origin.pool_key, target(*after, "a").origin.pool_key);
}

TEST(Targets, ChangeOfOneProviderKeepsTheConnectionsOfTheOthers) {
  Provider other = provider("b", "https://h/v1");
  other.source = "api";
  const auto before = make(snapshot({provider("a", "https://h/v1"), other}), {.generation = 1});
  other.allow_private = true;
  const auto after = make(snapshot({provider("a", "https://h/v1"), other}), {.generation = 1});
  EXPECT_EQ(target(*before, "a").origin.pool_key, target(*after, "a").origin.pool_key);
  EXPECT_NE(target(*before, "b").origin.pool_key, target(*after, "b").origin.pool_key);
}

TEST(Targets, VerifiesByTheCommonAuthoritiesOrByTheProvidersOwn) {
  const net::TestAuthority own;
  const auto of = snapshot(
      {provider("a", "https://a"), provider("b", "https://b"), provider("c", "https://c")});
  TargetOptions options;
  options.provider_ca_files = {{"c", own.file()}};
  const auto targets = make(of, options);
  ASSERT_NE(target(*targets, "a").origin.tls, nullptr);
  EXPECT_EQ(target(*targets, "a").origin.tls, target(*targets, "b").origin.tls);
  EXPECT_NE(target(*targets, "a").origin.tls, target(*targets, "c").origin.tls);
}

TEST(Targets, AsksForTheProxyOfEachHttpsHost) {
  const auto proxy = std::make_shared<net::Proxy>();
  proxy->host = "proxy";
  std::string asked;
  TargetOptions options;
  options.proxy = [&](const std::string& host, std::uint16_t port) {
    asked += host + ":" + std::to_string(port) + " ";
    return host == "a" ? proxy : nullptr;
  };
  const auto targets = make(snapshot({provider("a", "https://a"), provider("b", "https://b:8443"),
                                      provider("c", "http://c")}),
                            options);
  EXPECT_EQ(asked, "a:443 b:8443 ");
  EXPECT_EQ(target(*targets, "a").origin.proxy, proxy);
  EXPECT_EQ(target(*targets, "b").origin.proxy, nullptr);
  EXPECT_EQ(target(*targets, "c").origin.proxy, nullptr);
}

TEST(Targets, NamesTheProviderThatCannotBeUsed) {
  TargetOptions options;
  options.provider_ca_files = {{"bad-file", "/nowhere/authority.pem"}};
  for (const Provider& bad : {provider("bad-url", "ftp://h"), provider("bad-file", "https://h")}) {
    const auto targets = Targets::make(snapshot({provider("good", "http://h"), bad}), options);
    ASSERT_FALSE(targets);
    EXPECT_EQ(targets.error().code, ErrorCode::kInvalidRequest);
    EXPECT_TRUE(targets.error().message.starts_with("Provider " + bad.id.get() + ": "))
        << targets.error().message;
  }
}

}  // namespace
}  // namespace tollgate
