#include "upstream/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/test_peer.h"

namespace tollgate {
namespace {

using net::TestPeer;
using net::TestUpstream;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Offer offer_of(const std::string& upstream_model) {
  Offer offer;
  offer.model = ModelId("a/" + upstream_model);
  offer.provider = ProviderId("p");
  offer.upstream_model = upstream_model;
  offer.max_tokens_field = "max_completion_tokens";
  return offer;
}

class ProbeJudgement : public ::testing::Test {
 protected:
  std::string_view verdict_of(int status, std::string_view body = "{}") {
    return probe_verdict_name(judge_models_answer(status, body, provider_, offers_).verdict);
  }

  Provider provider_;
  Offer large_ = offer_of("large");
  Offer small_ = offer_of("small");
  ProbeOffers offers_{.told = {&large_}, .others = {&small_}};
};

TEST_F(ProbeJudgement, EachStatusHasItsMeaning) {
  EXPECT_EQ(verdict_of(401), "credential");
  EXPECT_EQ(verdict_of(403), "credential");
  EXPECT_EQ(verdict_of(404), "base_url");
  EXPECT_EQ(verdict_of(301), "redirect");
  EXPECT_EQ(verdict_of(308), "redirect");
  EXPECT_EQ(verdict_of(402), "refused");
  EXPECT_EQ(verdict_of(429), "refused");
  EXPECT_EQ(verdict_of(503), "refused");
  // There is somebody, who only does not list.
  EXPECT_EQ(verdict_of(405), "ok");
  EXPECT_EQ(verdict_of(501), "ok");
}

TEST_F(ProbeJudgement, ListTellsWhichModelsAreMissing) {
  const auto all =
      judge_models_answer(200, R"({"data":[{"id":"large"},{"id":"small"}]})", provider_, offers_);
  EXPECT_EQ(all.verdict, ProbeVerdict::kOk);
  EXPECT_THAT(all.missing, IsEmpty());
  const auto without_told =
      judge_models_answer(200, R"({"data":[{"id":"small"}]})", provider_, offers_);
  EXPECT_EQ(without_told.verdict, ProbeVerdict::kModel);
  EXPECT_THAT(without_told.missing, ElementsAre("large"));
  // Not every account has every model of a preset.
  const auto without_other =
      judge_models_answer(200, R"({"data":[{"id":"large"}]})", provider_, offers_);
  EXPECT_EQ(without_other.verdict, ProbeVerdict::kOk);
  EXPECT_THAT(without_other.missing, ElementsAre("small"));
}

TEST_F(ProbeJudgement, ListsComeInSeveralForms) {
  for (const auto* body :
       {R"([{"id":"large"},{"id":"small"}])", R"({"models":[{"id":"large"},{"id":"small"}]})",
        R"({"data":[{"id":"models/large"},{"id":"models/small"},{"name":"?"},7]})"}) {
    EXPECT_EQ(verdict_of(200, body), "ok") << body;
  }
  for (const auto* body : {"<html>", "", "7", R"({"data":7})", R"({"object":"list"})"}) {
    EXPECT_EQ(verdict_of(200, body), "answer") << body;
  }
}

TEST_F(ProbeJudgement, AzuresListSaysNothingOfDeployments) {
  provider_.dialect = Dialect::kAzureOpenAi;
  EXPECT_EQ(verdict_of(200, R"({"data":[]})"), "ok");
}

TEST_F(ProbeJudgement, ModelThatIsNotThereIsToldFromARefusal) {
  const auto verdict = [&](int status, std::string_view body) {
    return probe_verdict_name(judge_model_answer(status, body, large_).verdict);
  };
  EXPECT_EQ(verdict(200, R"({"choices":[]})"), "ok");
  EXPECT_EQ(verdict(200, "hello"), "answer");
  EXPECT_EQ(verdict(404, "{}"), "model");
  EXPECT_EQ(verdict(400, R"({"error":{"code":"model_not_found"}})"), "model");
  EXPECT_EQ(verdict(400, R"({"error":{"code":"other"}})"), "refused");
  EXPECT_EQ(verdict(401, "{}"), "credential");
  EXPECT_THAT(judge_model_answer(404, "{}", large_).message, HasSubstr("large"));
}

class ProbeTest : public ::testing::Test {
 protected:
  ProbeTest() {
    provider_.id = ProviderId("p");
    provider_.base_url = "http://127.0.0.1:" + std::to_string(upstream_.port()) + "/v1";
    provider_.api_key = Secret("the provider's own");
    provider_.deadlines.head = std::chrono::milliseconds(200);
  }
  void start(bool of_model) {
    snapshot_ = build_snapshot({.providers = {provider_}, .offers = {offer_of("large")}}).value();
    targets_ = Targets::make(snapshot_, {}).value();
    const Provider& provider = *snapshot_->provider(ProviderId("p"));
    const Offer& offer = *snapshot_->find("a/large")->offers.front();
    const Target& target = targets_->of(provider);
    offers_ = {.told = {&offer}, .others = {}};
    probing_ = of_model ? loop_.start(probe_model(client_, target, offer))
                        : loop_.start(probe_provider(client_, target, offers_));
  }
  ProbeResult result() {
    EXPECT_TRUE(loop_.run_until([&] { return probing_->has_value(); }));
    return probing_->value_or(ProbeResult());
  }

  TestLoop loop_;
  TestUpstream upstream_{loop_};
  BlockingPool pool_{1};
  net::Resolver resolver_{pool_};
  net::HttpClient client_{loop_.thread(), resolver_};
  Provider provider_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const Targets> targets_;
  ProbeOffers offers_;
  std::shared_ptr<std::optional<ProbeResult>> probing_;
};

TEST_F(ProbeTest, AsksForTheListWithTheCredentialAndTheHeaders) {
  provider_.headers = {{"X-Team", "blue"}};
  start(false);
  TestPeer peer = upstream_.accept();
  const std::string head = peer.take_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("GET /v1/models HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("Authorization: Bearer the provider's own\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Team: blue\r\n"));
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{\"data\":[{\"id\":\"large\"}]}");
  const ProbeResult said = result();
  EXPECT_EQ(said.verdict, ProbeVerdict::kOk) << said.message;
  EXPECT_EQ(said.status, 200);
}

TEST_F(ProbeTest, AsksAnthropicInItsOwnWords) {
  provider_.dialect = Dialect::kAnthropic;
  start(true);
  TestPeer peer = upstream_.accept();
  const std::string head = peer.take_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("POST /v1/messages HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("x-api-key: the provider's own\r\n"));
  EXPECT_THAT(head, HasSubstr("anthropic-version: "));
  peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
  const ProbeResult said = result();
  EXPECT_EQ(said.verdict, ProbeVerdict::kModel);
  EXPECT_THAT(said.missing, ElementsAre("large"));
}

TEST_F(ProbeTest, BoundsTheModelsAnswerInTheMemberThatItTakes) {
  start(true);
  TestPeer peer = upstream_.accept();
  const std::string head = peer.take_until("\r\n\r\n");
  const std::size_t length = head.find("Content-Length: ");
  ASSERT_NE(length, std::string::npos);
  const std::string body = peer.take_bytes(std::stoul(head.substr(length + 16)));
  EXPECT_THAT(body, HasSubstr(R"("max_completion_tokens":16)"));
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(result().verdict, ProbeVerdict::kOk);
}

TEST_F(ProbeTest, NobodyThere) {
  upstream_.close();
  start(false);
  const ProbeResult said = result();
  EXPECT_EQ(said.verdict, ProbeVerdict::kConnect);
  EXPECT_EQ(said.status, 0);
}

TEST_F(ProbeTest, NoAnswerInTime) {
  start(false);
  TestPeer peer = upstream_.accept();
  EXPECT_EQ(result().verdict, ProbeVerdict::kTimeout);
}

TEST_F(ProbeTest, NoHttp) {
  start(false);
  TestPeer peer = upstream_.accept();
  peer.take_until("\r\n\r\n");
  peer.send("220 ready\r\n\r\n");
  EXPECT_EQ(result().verdict, ProbeVerdict::kConnection);
}

TEST_F(ProbeTest, NoTls) {
  provider_.base_url = "https://127.0.0.1:" + std::to_string(upstream_.port()) + "/v1";
  start(false);
  TestPeer peer = upstream_.accept();
  peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(result().verdict, ProbeVerdict::kTls);
}

TEST_F(ProbeTest, AddressThatTheProviderMayNotHave) {
  provider_.source = "api";
  start(false);
  EXPECT_EQ(result().verdict, ProbeVerdict::kDestination);
  EXPECT_TRUE(upstream_.nobody_waits());
}

}  // namespace
}  // namespace tollgate
