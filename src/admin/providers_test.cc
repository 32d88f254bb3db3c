#include "admin/providers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "admin/test_admin_fixture.h"

namespace tollgate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_at(const json::value& value, std::string_view name) {
  return std::string(std::string_view(value.at(name).as_string()));
}

class ProvidersTest : public AdminServerTest {
 protected:
  AdminAnswer create(std::string body) {
    return ask({.method = "POST", .target = "/admin/v1/providers", .body = std::move(body)});
  }
  AdminAnswer change(const std::string& id, std::string body) {
    return ask({.method = "PATCH", .target = "/admin/v1/providers/" + id, .body = std::move(body)});
  }
  AdminAnswer remove(const std::string& id) {
    return ask({.method = "DELETE", .target = "/admin/v1/providers/" + id});
  }
  json::value audit_of(const std::string& id) {
    return ask({.target = "/admin/v1/audit?object=" + id}).document();
  }
  std::string param_of(const AdminAnswer& answer) const {
    return text_at(answer.document().at("error"), "param");
  }
};

constexpr auto kOwn =
    R"({"id":"own","base_url":"https://api.example.com/v1","api_key":"the-secret","region":"eu",)"
    R"("headers":{"X-Team":"hidden"},)"
    R"("models":[{"id":"own/large","upstream_model":"l","prices":{"input":"1","output":"2"}}]})";

TEST_F(ProvidersTest, CreatedProviderIsInForceWhenTheCallReturns) {
  const AdminAnswer made = create(kOwn);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.fields.at("location"), "/admin/v1/providers/own");
  EXPECT_EQ(text_at(made.document(), "source"), "api");
  const Model* model = snapshot_->find("own/large");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(snapshot_->provider(ProviderId("own"))->api_key.expose(), "the-secret");
  EXPECT_EQ(model->offers.front()->region, "eu");
}

TEST_F(ProvidersTest, NoAnswerAndNoAuditRowShowsACredential) {
  const std::string made = create(kOwn).body;
  change("own", R"({"api_key":"another-secret"})");
  const std::string shown = ask({.target = "/admin/v1/providers/own"}).body;
  const std::string audit = json::serialize(audit_of("own"));
  for (const std::string& text : {made, shown, audit}) {
    EXPECT_THAT(text, Not(HasSubstr("-secret")));
    EXPECT_THAT(text, Not(HasSubstr("hidden")));
  }
  EXPECT_THAT(shown, HasSubstr(R"("api_key_set":true)"));
  EXPECT_THAT(audit, HasSubstr("provider.create"));
  EXPECT_THAT(audit, HasSubstr("provider.update"));
}

TEST_F(ProvidersTest, AChangedAddressOnTheSameHostKeepsTheCredentialAndTheModels) {
  ASSERT_EQ(create(kOwn).status, 201);
  std::string address = snapshot_->provider(ProviderId("own"))->base_url + "/v2";
  const AdminAnswer changed = change("own", json::serialize(json::object{{"base_url", address}}));
  ASSERT_EQ(changed.status, 200) << changed.body;
  const Provider* provider = snapshot_->provider(ProviderId("own"));
  EXPECT_EQ(provider->base_url, address);
  EXPECT_EQ(provider->api_key.expose(), "the-secret");
  EXPECT_NE(snapshot_->find("own/large"), nullptr);
}

TEST_F(ProvidersTest, ACredentialIsNotSentToAnotherHostUnlessTheChangeNamesIt) {
  ASSERT_EQ(create(kOwn).status, 201);
  EXPECT_EQ(change("own", R"({"base_url":"https://eu.example.net/v1"})").status, 422);
  EXPECT_EQ(change("own", R"({"preset":"groq"})").status, 422);
  const AdminAnswer moved =
      change("own", R"({"base_url":"https://eu.example.net/v1","api_key":"fresh","headers":null})");
  ASSERT_EQ(moved.status, 200) << moved.body;
  EXPECT_EQ(snapshot_->provider(ProviderId("own"))->api_key.expose(), "fresh");
}

TEST_F(ProvidersTest, APresetBringsItsModelsUntilSomeAreListed) {
  const AdminAnswer made = create(R"({"id":"ai","preset":"openai","api_key":"k"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_NE(snapshot_->find("openai/gpt-4o"), nullptr);
  EXPECT_EQ(change("ai", R"({"models":[{"id":"openai/gpt-4o-mini"}]})").status, 200);
  EXPECT_EQ(snapshot_->find("openai/gpt-4o"), nullptr);
  EXPECT_NE(snapshot_->find("openai/gpt-4o-mini"), nullptr);
  EXPECT_EQ(change("ai", R"({"models":null})").status, 200);
  EXPECT_NE(snapshot_->find("openai/gpt-4o"), nullptr);
}

TEST_F(ProvidersTest, RefusesWhatIsWrongNamingAllOfIt) {
  const AdminAnswer wrong = create(
      R"({"id":"a b","preset":"openai","colour":"red","models":[{"id":"openai/unheard-of"}]})");
  EXPECT_EQ(wrong.status, 422);
  const std::string text = wrong.body;
  for (const auto* name : {"id", "api_key", "colour", "models[0].prices"}) {
    EXPECT_THAT(text, HasSubstr("`" + std::string(name) + "`"));
  }
  EXPECT_EQ(create("[]").status, 422);
  EXPECT_EQ(create("{").status, 400);
  EXPECT_EQ(param_of(create(R"({"id":"x"})")), "base_url");
}

TEST_F(ProvidersTest, AnIdIsTakenOnceAndTheFilesAreTheFiles) {
  ASSERT_EQ(create(kOwn).status, 201);
  EXPECT_EQ(create(kOwn).status, 409);
  const AdminAnswer in_file =
      create(R"({"id":"acme","base_url":"https://api.example.com/v1","models":[]})");
  EXPECT_EQ(in_file.status, 409);
  EXPECT_EQ(in_file.code(), "managed_by_file");
  EXPECT_EQ(change("acme", "{}").code(), "managed_by_file");
  EXPECT_EQ(remove("acme").code(), "managed_by_file");
  EXPECT_EQ(change("sandbox", "{}").status, 409);
  EXPECT_EQ(change("nobody", "{}").status, 404);
  EXPECT_EQ(remove("nobody").status, 404);
  EXPECT_EQ(ask({.target = "/admin/v1/providers/nobody"}).status, 404);
}

TEST_F(ProvidersTest, RemovedProviderIsGoneWithWhatItOffered) {
  ASSERT_EQ(create(kOwn).status, 201);
  EXPECT_EQ(remove("own").status, 200);
  EXPECT_EQ(snapshot_->provider(ProviderId("own")), nullptr);
  EXPECT_EQ(snapshot_->find("own/large"), nullptr);
  EXPECT_EQ(create(kOwn).status, 201);
}

TEST_F(ProvidersTest, LeadsInsideOnlyWhereThatIsAllowed) {
  const auto made = [&](const std::string& url, const std::string& more) {
    return create(R"({"id":"inside","base_url":")" + url + "\"" + more + "}");
  };
  for (const auto* url : {"http://127.0.0.1:1/v1", "http://localhost:1/v1", "http://[::1]:1/v1",
                          "http://10.0.0.1/v1", "http://169.254.169.254/v1"}) {
    EXPECT_EQ(param_of(made(url, "")), "base_url") << url;
  }
  EXPECT_EQ(param_of(made("http://169.254.169.254/v1", R"(,"allow_private":true)")), "base_url");
  EXPECT_EQ(made("http://127.0.0.1:1/v1", R"(,"allow_private":true)").status, 201);
}

TEST_F(ProvidersTest, WhatWouldBreakTheCatalogueIsRolledBackWhole) {
  ASSERT_EQ(create(kOwn).status, 201);
  // A price by other units alone, of a model that could be asked for a chat.
  const AdminAnswer broken =
      change("own", R"({"models":[{"id":"own/tts","prices":{"per_minute":"1"}}],"region":"us"})");
  EXPECT_EQ(broken.status, 422) << broken.body;
  EXPECT_THAT(broken.body, HasSubstr("own/tts"));
  EXPECT_EQ(snapshot_->provider(ProviderId("own"))->region, "eu");
  EXPECT_NE(snapshot_->find("own/large"), nullptr);
  EXPECT_THAT(json::serialize(audit_of("own")), Not(HasSubstr("provider.update")));
}

TEST_F(ProvidersTest, OnlyOperatorsMayChangeThemAndViewersSeeNoAddress) {
  const KeyWithSecret admin = make_management(Role::kAdmin);
  const KeyWithSecret viewer = make_management(Role::kViewer);
  EXPECT_EQ(
      ask_with(admin, {.method = "POST", .target = "/admin/v1/providers", .body = kOwn}).status,
      403);
  EXPECT_EQ(ask_with(admin, {.method = "POST", .target = "/admin/v1/providers/acme/test"}).status,
            403);
  EXPECT_THAT(ask_with(admin, {.target = "/admin/v1/providers/acme"}).body,
              HasSubstr("upstream.example"));
  EXPECT_THAT(ask_with(viewer, {.target = "/admin/v1/providers/acme"}).body,
              Not(HasSubstr("upstream.example")));
}

TEST_F(ProvidersTest, OffersOfAProviderCanBePricedAnewAndGivenBack) {
  ASSERT_EQ(create(R"({"id":"ai","preset":"openai","api_key":"k"})").status, 201);
  const std::string target = "/admin/v1/models/openai%2Fgpt-4o/offers?provider=ai";
  const Money before = snapshot_->find("openai/gpt-4o")->prices().tokens.input;
  const AdminAnswer put =
      ask({.method = "PUT", .target = target, .body = R"({"prices":{"input":"9","output":"9"}})"});
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(snapshot_->find("openai/gpt-4o")->prices().tokens.input,
            Money::from_nanos(9'000'000'000));
  EXPECT_EQ(snapshot_->find("openai/gpt-4o")->offers.front()->upstream_model, "gpt-4o");
  EXPECT_EQ(ask({.method = "DELETE", .target = target}).status, 200);
  EXPECT_EQ(snapshot_->find("openai/gpt-4o")->prices().tokens.input, before);
  EXPECT_EQ(ask({.method = "DELETE", .target = target}).status, 404);
  const std::string in_file = "/admin/v1/models/acme%2Flarge/offers?provider=acme";
  EXPECT_EQ(ask({.method = "PUT", .target = in_file, .body = "{}"}).code(), "managed_by_file");
}

TEST_F(ProvidersTest, FactsAreStatedMergedReplacedAndTakenBack) {
  ASSERT_EQ(create(R"({"id":"ai","preset":"openai","api_key":"k"})").status, 201);
  const std::string target = "/admin/v1/models/openai%2Fgpt-4o";
  const AdminAnswer stated = ask({.method = "PATCH",
                                  .target = target,
                                  .body = R"({"quality":42,"capabilities":{"tools":false}})"});
  ASSERT_EQ(stated.status, 200) << stated.body;
  EXPECT_EQ(stated.document().at("quality").as_int64(), 42);
  EXPECT_EQ(text_at(stated.document(), "facts_source"), "api");
  const auto tools = [&] {
    return snapshot_->find("openai/gpt-4o")->facts.capabilities[Capability::kTools];
  };
  EXPECT_EQ(tools(), Known::kNo);
  EXPECT_EQ(ask({.method = "PUT", .target = target, .body = R"({"tier":"NANO"})"}).status, 200);
  EXPECT_EQ(tools(), Known::kYes);
  EXPECT_EQ(snapshot_->find("openai/gpt-4o")->standing.tier, Tier::kNano);
  EXPECT_EQ(ask({.method = "DELETE", .target = target}).status, 200);
  EXPECT_EQ(text_at(ask({.target = target}).document(), "facts_source"), "built-in");
  EXPECT_EQ(ask({.method = "PATCH", .target = target, .body = R"({"quality":101})"}).status, 422);
}

TEST_F(ProvidersTest, AModelThatNobodyOffersIsKnownAllTheSame) {
  const AdminAnswer idle = ask({.target = "/admin/v1/models/openai%2Fgpt-4o"});
  ASSERT_EQ(idle.status, 200) << idle.body;
  EXPECT_TRUE(idle.document().at("offers").as_array().empty());
  EXPECT_TRUE(idle.document().at("prices").is_null());
  EXPECT_EQ(ask({.target = "/admin/v1/models/nobody%2Fnothing"}).status, 404);
}

TEST_F(ProvidersTest, AliasesAreMadeChangedAndRemoved) {
  const auto put = [&](const std::string& alias, const std::string& meaning) {
    return ask({.method = "PUT",
                .target = "/admin/v1/aliases/" + alias,
                .body = R"({"target":")" + meaning + "\"}"});
  };
  EXPECT_EQ(put("auto", "tollgate/auto").status, 200);
  EXPECT_EQ(put("lowrouter%2Fauto", "tollgate/auto-cheap").status, 200);
  EXPECT_EQ(put("big", "acme/large").status, 200);
  EXPECT_EQ(snapshot_->find("big")->id.get(), "acme/large");
  EXPECT_EQ(ask({.target = "/admin/v1/aliases"}).document().at("data").as_array().size(), 3U);
  EXPECT_EQ(put("acme%2Flarge", "acme/other").status, 422);
  EXPECT_EQ(put("chain", "big").status, 422);
  EXPECT_EQ(put("sandbox%2Fx", "acme/large").status, 422);
  EXPECT_EQ(ask({.method = "DELETE", .target = "/admin/v1/aliases/big"}).status, 200);
  EXPECT_EQ(snapshot_->find("big"), nullptr);
  EXPECT_EQ(ask({.method = "DELETE", .target = "/admin/v1/aliases/big"}).status, 404);
}

TEST_F(ProvidersTest, ImportTakesPricesOfWhatIsOfferedAndSaysWhatItSkipped) {
  ASSERT_EQ(create(R"({"id":"ai","preset":"openai","api_key":"k"})").status, 201);
  ASSERT_EQ(create(kOwn).status, 201);
  const std::string body =
      R"({"models":[{"id":"openai/gpt-4o","offers":[{"provider":"ai","prices":{"input":"7","output":"8"}},)"
      R"({"provider":"nobody","prices":{"input":"7","output":"8"}}]},)"
      R"({"id":"openai/brand-new","kind":"chat","context_window":9000,"offers":[{"provider":"ai",)"
      R"("upstream_model":"brand-new","prices":{"input":"1","output":"1"}}]},)"
      R"({"id":"own/other","offers":[{"provider":"own","prices":{"input":"1","output":"1"}}]},)"
      R"({"id":"acme/large","offers":[{"provider":"acme","prices":{"input":"1","output":"1"}}]}]})";
  const AdminAnswer first =
      ask({.method = "POST", .target = "/admin/v1/models/import", .body = body});
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.document().at("offers").at("added").as_int64(), 2);
  EXPECT_EQ(first.document().at("models").at("added").as_int64(), 1);
  EXPECT_EQ(first.document().at("skipped").as_array().size(), 3U);
  EXPECT_EQ(snapshot_->find("openai/gpt-4o")->prices().tokens.input,
            Money::from_nanos(7'000'000'000));
  EXPECT_EQ(snapshot_->find("openai/brand-new")->context_window, 9'000);
  const AdminAnswer again =
      ask({.method = "POST", .target = "/admin/v1/models/import", .body = body});
  EXPECT_EQ(again.document().at("offers").at("unchanged").as_int64(), 2);
  EXPECT_EQ(again.document().at("offers").at("changed").as_int64(), 0);
  const json::value rows = ask({.target = "/admin/v1/audit?object=models"}).document();
  EXPECT_EQ(rows.at("data").as_array().size(), 1U);
}

}  // namespace
}  // namespace tollgate
