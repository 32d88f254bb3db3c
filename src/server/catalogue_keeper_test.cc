#include "server/catalogue_keeper.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "domain/built_in_catalogue.h"
#include "net/test_authority.h"
#include "store/test_store.h"

namespace tollgate {
namespace {

Provider provider(const std::string& id, const std::string& source) {
  Provider made;
  made.id = ProviderId(id);
  made.base_url = "https://api.example.com/v1";
  made.source = source;
  return made;
}

Offer offer(const std::string& at, const std::string& model, const std::string& source) {
  Offer made;
  made.provider = ProviderId(at);
  made.model = ModelId(model);
  made.upstream_model = "m";
  made.max_tokens_field = "max_tokens";
  made.source = source;
  return made;
}

class CatalogueKeeperTest : public store::StoreTest {
 protected:
  CatalogueKeeperTest() {
    settings_.catalogue.providers = {provider("file", "file")};
    settings_.catalogue.offers = {offer("file", "file/m", "file")};
  }
  void start() {
    auto keeper = CatalogueKeeper::start(settings_, key_, stored(), clock_);
    expect_ok(keeper);
    keeper_ = std::move(*keeper);
    keeper_->serve_with(
        [this](const Installation& now) { swapped_.push_back(now.gateway->targets->snapshot()); });
  }
  store::SealedCatalogue stored() { return store::load_catalogue(connection_).value(); }
  void store_provider(const std::string& id) {
    expect_ok(
        store::insert_provider(connection_, provider(id, "api"), clock_.wall(), key_, random_));
    expect_ok(store::put_offer(connection_, offer(id, id + "/m", "api")));
  }
  Status use(store::SealedCatalogue stored) {
    std::promise<Status> done;
    keeper_->hooks().use(std::move(stored),
                         [&done](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }
  std::shared_ptr<const Snapshot> snapshot() {
    return keeper_->installation().gateway->targets->snapshot();
  }
  bool offers(const std::string& model) { return snapshot()->find(model) != nullptr; }
  std::string pool_key(const std::string& id) {
    const auto& targets = *keeper_->installation().gateway->targets;
    return targets.of(*targets.snapshot()->provider(ProviderId(id))).origin.pool_key;
  }

  ManualClock clock_{store::test_time()};
  SeededRandom random_{5};
  MasterKey key_ = MasterKey::make(random_);
  Settings settings_;
  std::unique_ptr<CatalogueKeeper> keeper_;
  std::vector<std::shared_ptr<const Snapshot>> swapped_;
};

TEST_F(CatalogueKeeperTest, WhatIsStoredWhileAFileIsAwayComesIntoForceOnceItIsBack) {
  const net::TestAuthority authority;
  const std::string file = authority.file();
  const std::string away = file + ".away";
  settings_.upstream_ca_file = file;
  settings_.catalogue.providers.front().base_url = "http://127.0.0.1:9/v1";
  start();
  std::filesystem::rename(file, away);
  store_provider("mine");  // the first that is asked over TLS
  const Status waits = use(stored());
  ASSERT_FALSE(waits);
  EXPECT_EQ(waits.error().code, ErrorCode::kServiceUnavailable);
  EXPECT_EQ(waits.error().message.find(file), std::string::npos);
  keeper_->turn();
  EXPECT_FALSE(offers("mine/m"));
  std::filesystem::rename(away, file);
  keeper_->turn();
  EXPECT_TRUE(offers("mine/m"));
}

TEST_F(CatalogueKeeperTest, ChangeReadsNoFileThatWasReadAndAReloadReadsThemAll) {
  const net::TestAuthority authority;
  settings_.upstream_ca_file = authority.file();
  start();
  const auto authorities = [this] {
    const auto& targets = *keeper_->installation().gateway->targets;
    return targets.of(*targets.snapshot()->provider(ProviderId("file"))).origin.tls;
  };
  const auto before = authorities();
  std::filesystem::rename(authority.file(), authority.file() + ".away");
  store_provider("mine");
  expect_ok(use(stored()));
  EXPECT_TRUE(offers("mine/m"));
  EXPECT_EQ(authorities(), before);
  EXPECT_FALSE(keeper_->reload(settings_));
  std::filesystem::rename(authority.file() + ".away", authority.file());
  expect_ok(keeper_->reload(settings_));
  EXPECT_NE(authorities(), before);
}

TEST_F(CatalogueKeeperTest, BeginsWithTheFileAndWithWhatIsStored) {
  store_provider("mine");
  start();
  EXPECT_TRUE(offers("file/m"));
  EXPECT_TRUE(offers("mine/m"));
  EXPECT_EQ(keeper_->file()->providers.size(), 1U);
}

TEST_F(CatalogueKeeperTest, DoesNotBeginWithAnotherMasterKey) {
  store_provider("mine");
  const auto other = CatalogueKeeper::start(settings_, MasterKey::make(random_), stored(), clock_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
}

TEST_F(CatalogueKeeperTest, ChangeIsServedBeforeItsCallerIsTold) {
  start();
  store_provider("mine");
  expect_ok(use(stored()));
  ASSERT_EQ(swapped_.size(), 1U);
  EXPECT_NE(swapped_.back()->find("mine/m"), nullptr);
  EXPECT_TRUE(offers("mine/m"));
}

TEST_F(CatalogueKeeperTest, WhatIsOlderNeverComesBackIntoForce) {
  start();
  store_provider("first");
  store::SealedCatalogue older = stored();
  store_provider("second");
  expect_ok(use(stored()));
  expect_ok(use(std::move(older)));
  EXPECT_TRUE(offers("second/m"));
  EXPECT_EQ(swapped_.size(), 1U);
}

TEST_F(CatalogueKeeperTest, ReloadKeepsWhatWasMadeOverTheApi) {
  store_provider("mine");
  start();
  settings_.catalogue.offers = {offer("file", "file/new", "file")};
  expect_ok(keeper_->reload(settings_));
  EXPECT_TRUE(offers("file/new"));
  EXPECT_FALSE(offers("file/m"));
  EXPECT_TRUE(offers("mine/m"));
  expect_ok(use(stored()));
  EXPECT_TRUE(offers("file/new"));
}

TEST_F(CatalogueKeeperTest, UnsoundReloadChangesNothing) {
  start();
  Settings unsound = settings_;
  unsound.catalogue.providers.push_back(provider("file", "file"));
  EXPECT_FALSE(keeper_->reload(unsound));
  EXPECT_TRUE(offers("file/m"));
  EXPECT_TRUE(swapped_.empty());
  EXPECT_EQ(keeper_->file()->providers.size(), 1U);
}

TEST_F(CatalogueKeeperTest, ChecksAChangeBeforeItIsStored) {
  start();
  store_provider("mine");
  store::SealedCatalogue sound = stored();
  expect_ok(keeper_->hooks().check(sound));
  sound.catalogue.profiles.resize(2);  // two of one id
  const Status unsound = keeper_->hooks().check(sound);
  ASSERT_FALSE(unsound);
  EXPECT_EQ(unsound.error().code, ErrorCode::kUnprocessable);
  EXPECT_FALSE(offers("mine/m"));
}

TEST_F(CatalogueKeeperTest, ConnectionsAreKeptOverAChangeAndNotOverAReload) {
  start();
  const std::string before = pool_key("file");
  store_provider("mine");
  expect_ok(use(stored()));
  EXPECT_EQ(pool_key("file"), before);
  expect_ok(keeper_->reload(settings_));
  EXPECT_NE(pool_key("file"), before);
}

TEST_F(CatalogueKeeperTest, PriceThatIsDatedAheadComesIntoForceInTime) {
  const auto due = built_in_catalogue().next_price_change(WallTime::min());
  if (!due) GTEST_SKIP() << "the catalogue holds no price that is dated ahead";
  clock_.step_wall(*due - std::chrono::seconds(1) - clock_.wall());
  start();
  keeper_->turn();
  EXPECT_TRUE(swapped_.empty());
  clock_.step_wall(std::chrono::seconds(1));
  keeper_->turn();
  EXPECT_EQ(swapped_.size(), 1U);
}

}  // namespace
}  // namespace tollgate
