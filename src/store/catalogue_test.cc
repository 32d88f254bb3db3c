#include "store/catalogue.h"

#include "store/profiles.h"
#include "store/test_store.h"

namespace tollgate::store {
namespace {

class CatalogueTest : public StoreTest {
 protected:
  static Provider provider(const std::string& id) {
    Provider made;
    made.id = ProviderId(id);
    made.preset = "openai";
    made.base_url = "https://api.example.com/v1";
    made.api_key = Secret("key-of-" + id);
    made.headers = {{"X-Team", "header-of-" + id}};
    made.region = "eu";
    made.deadlines.head = std::chrono::milliseconds(1'234);
    made.allow_private = true;
    made.model_list = ModelList::kOfPreset;
    made.source = "api";
    return made;
  }
  static Offer offer(const std::string& at, const std::string& model) {
    Offer made;
    made.provider = ProviderId(at);
    made.model = ModelId(model);
    made.upstream_model = "up";
    made.prices.tokens.input = Money::from_nanos(5);
    made.source = "api";
    return made;
  }
  Provider stored(const std::string& id) {
    Provider made = provider(id);
    expect_ok(insert_provider(connection_, made, test_time(), key_, random_));
    return made;
  }
  Result<Catalogue> opened() {
    auto loaded = load_catalogue(connection_);
    expect_ok(loaded);
    return open_catalogue(std::move(*loaded), key_);
  }
  std::int64_t version() { return load_catalogue(connection_).value().version; }

  SeededRandom random_{3};
  MasterKey key_ = MasterKey::make(random_);
};

TEST_F(CatalogueTest, ProviderComesBackWithItsCredentialAndItsSettings) {
  stored("acme");
  const auto found = find_provider(connection_, ProviderId("acme"), key_);
  expect_ok(found);
  EXPECT_EQ(found->api_key.expose(), "key-of-acme");
  EXPECT_EQ(found->headers.at("X-Team"), "header-of-acme");
  EXPECT_EQ(found->deadlines.head, std::chrono::milliseconds(1'234));
  EXPECT_EQ(found->preset, "openai");
  EXPECT_EQ(found->model_list, ModelList::kOfPreset);
  EXPECT_EQ(found->source, "api");
  EXPECT_TRUE(found->allow_private);
  EXPECT_EQ(found->created_at, test_time());
  const auto catalogue = opened();
  expect_ok(catalogue);
  EXPECT_EQ(catalogue->providers.at(0).api_key.expose(), "key-of-acme");
}

TEST_F(CatalogueTest, WhatIsSecretStandsNowhereInTheDatabase) {
  stored("acme");
  EXPECT_EQ(number("SELECT count(*) FROM providers WHERE instr(settings, '-of-acme') > 0 "
                   "OR instr(sealed, CAST('-of-acme' AS BLOB)) > 0"),
            0);
}

TEST_F(CatalogueTest, AnotherMasterKeyNamesEveryProviderItCannotRead) {
  stored("acme");
  stored("other");
  auto loaded = load_catalogue(connection_);
  expect_ok(loaded);
  const auto wrong = open_catalogue(std::move(*loaded), MasterKey::make(random_));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kConflict);
  EXPECT_NE(wrong.error().message.find("acme, other"), std::string::npos);
  // Nothing is lost: the right one still reads it.
  expect_ok(opened());
}

TEST_F(CatalogueTest, CredentialMovedIntoAnothersRowDoesNotOpen) {
  stored("acme");
  stored("other");
  expect_ok(connection_.exec(
      "UPDATE providers SET sealed = (SELECT sealed FROM providers WHERE id = 'acme') "
      "WHERE id = 'other'"));
  const auto wrong = opened();
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("damaged: other"), std::string::npos);
}

TEST_F(CatalogueTest, AnIdIsTakenOnceAndUnknownOnesAreNotFound) {
  stored("acme");
  const Status again = insert_provider(connection_, provider("acme"), test_time(), key_, random_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(again.error().param, "id");
  EXPECT_EQ(update_provider(connection_, provider("none"), test_time(), key_, random_).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(remove_provider(connection_, ProviderId("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(find_provider(connection_, ProviderId("none"), key_).error().code,
            ErrorCode::kNotFound);
}

TEST_F(CatalogueTest, RemovingAProviderRemovesItsOffersAlone) {
  stored("acme");
  expect_ok(put_offer(connection_, offer("acme", "a/m")));
  expect_ok(put_offer(connection_, offer("file", "a/m")));
  expect_ok(remove_provider(connection_, ProviderId("acme")));
  const auto catalogue = opened();
  expect_ok(catalogue);
  EXPECT_TRUE(catalogue->providers.empty());
  ASSERT_EQ(catalogue->offers.size(), 1U);
  EXPECT_EQ(catalogue->offers.front().provider.get(), "file");
}

TEST_F(CatalogueTest, OffersAreReplacedWholeOrOneByOne) {
  expect_ok(replace_offers(connection_, ProviderId("p"), {offer("p", "a/m"), offer("p", "a/n")}));
  Offer dearer = offer("p", "a/m");
  dearer.prices.tokens.input = Money::from_nanos(7);
  expect_ok(put_offer(connection_, dearer));
  const auto offers = offers_of(connection_, ProviderId("p"));
  expect_ok(offers);
  ASSERT_EQ(offers->size(), 2U);
  EXPECT_EQ(offers->at(0).prices.tokens.input, Money::from_nanos(7));
  EXPECT_EQ(offers->at(0).source, "api");
  expect_ok(remove_offer(connection_, ProviderId("p"), ModelId("a/m")));
  EXPECT_EQ(remove_offer(connection_, ProviderId("p"), ModelId("a/m")).error().code,
            ErrorCode::kNotFound);
  expect_ok(replace_offers(connection_, ProviderId("p"), {}));
  EXPECT_TRUE(offers_of(connection_, ProviderId("p"))->empty());
}

TEST_F(CatalogueTest, FactsAndAliasesComeBackAndGo) {
  ModelFacts facts;
  facts.id = ModelId("a/m");
  facts.quality = 70;
  expect_ok(put_facts(connection_, facts));
  expect_ok(put_alias(connection_, "auto", "tollgate/auto"));
  expect_ok(put_alias(connection_, "auto", "a/m"));
  const auto catalogue = opened();
  expect_ok(catalogue);
  EXPECT_EQ(catalogue->models.at(0).quality, 70);
  EXPECT_EQ(catalogue->models.at(0).source, "api");
  EXPECT_EQ(catalogue->aliases.at("auto"), "a/m");
  expect_ok(remove_facts(connection_, ModelId("a/m")));
  expect_ok(remove_alias(connection_, "auto"));
  EXPECT_EQ(remove_alias(connection_, "auto").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(remove_facts(connection_, ModelId("a/m")).error().code, ErrorCode::kNotFound);
}

TEST_F(CatalogueTest, EveryChangeCountsTheVersionUp) {
  std::int64_t before = version();
  const auto counted = [&](const Status& done) {
    expect_ok(done);
    const std::int64_t now = version();
    return now > std::exchange(before, now);
  };
  Profile profile;
  profile.id = ProfileId("prof_a");
  profile.workspace = default_workspace_id();
  profile.rules.name = "a";
  ModelFacts facts;
  facts.id = ModelId("a/m");
  EXPECT_TRUE(counted(insert_provider(connection_, provider("p"), test_time(), key_, random_)));
  EXPECT_TRUE(counted(update_provider(connection_, provider("p"), test_time(), key_, random_)));
  EXPECT_TRUE(counted(put_offer(connection_, offer("p", "a/m"))));
  EXPECT_TRUE(counted(replace_offers(connection_, ProviderId("p"), {})));
  EXPECT_TRUE(counted(put_facts(connection_, facts)));
  EXPECT_TRUE(counted(put_alias(connection_, "a", "b/c")));
  EXPECT_TRUE(counted(insert_profile(connection_, profile)));
  EXPECT_TRUE(counted(update_profile(connection_, profile)));
  EXPECT_TRUE(counted(remove_profile(connection_, profile.id)));
  EXPECT_TRUE(counted(remove_provider(connection_, ProviderId("p"))));
}

TEST_F(CatalogueTest, AuditTextSaysThatThereIsACredentialAndNotWhich) {
  const std::string text = provider_audit_json(provider("acme"), {offer("acme", "a/m")});
  EXPECT_EQ(text.find("-of-acme"), std::string::npos);
  EXPECT_NE(text.find("\"api_key_set\":true"), std::string::npos);
  EXPECT_NE(text.find("X-Team"), std::string::npos);
  EXPECT_NE(text.find("a/m"), std::string::npos);
}

class ProfilesTest : public StoreTest {
 protected:
  static Profile profile(const std::string& id, const std::string& name) {
    Profile made;
    made.id = ProfileId(id);
    made.workspace = default_workspace_id();
    made.rules.name = name;
    made.rules.tier_floor = Tier::kLight;
    made.rules.cost_cap = Money::from_nanos(5);
    made.created_at = test_time();
    made.created_by = "cli";
    return made;
  }
};

TEST_F(ProfilesTest, ComeBackAsTheyWereMadeAndChanged) {
  Profile made = profile("prof_a", "support");
  expect_ok(insert_profile(connection_, made));
  EXPECT_EQ(find_profile(connection_, made.id).value(), made);
  made.rules.name = "sales";
  made.rules.strategy = Strategy::kOrdered;
  made.rules.order = {"a/m", "b/*"};
  expect_ok(update_profile(connection_, made));
  EXPECT_EQ(find_profile(connection_, made.id).value(), made);
  EXPECT_EQ(load_catalogue(connection_).value().catalogue.profiles, std::vector{made});
  expect_ok(remove_profile(connection_, made.id));
  EXPECT_EQ(find_profile(connection_, made.id).error().code, ErrorCode::kNotFound);
}

TEST_F(ProfilesTest, NameIsTakenOncePerWorkspace) {
  expect_ok(
      connection_.exec("INSERT INTO workspaces (id, name, created_at) VALUES ('ws_b','b',0)"));
  expect_ok(insert_profile(connection_, profile("prof_a", "support")));
  const Status again = insert_profile(connection_, profile("prof_b", "support"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().param, "name");
  Profile elsewhere = profile("prof_c", "support");
  elsewhere.workspace = WorkspaceId("ws_b");
  expect_ok(insert_profile(connection_, elsewhere));
}

TEST_F(ProfilesTest, KeyOfAProfileIsFoundUntilItIsRevoked) {
  Key key = test_key("p");
  key.profile = ProfileId("prof_a");
  key.policy.type = KeyType::kProfile;
  expect_ok(insert_key(connection_, key));
  EXPECT_EQ(find_key(connection_, key.id).value().profile, key.profile);
  EXPECT_EQ(live_profile_keys(connection_).value().at(key.profile), key.id);
  expect_ok(set_key_revoked(connection_, key.number, test_time()));
  EXPECT_TRUE(live_profile_keys(connection_)->empty());
}

}  // namespace
}  // namespace tollgate::store
