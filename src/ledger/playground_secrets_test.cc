// Secrets of the playground (SPEC §10): further ones of a key, for minutes, few of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "domain/key_policy.h"
#include "ledger/ledger_fixture.h"
#include "store/audit.h"

namespace tollgate {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class PlaygroundSecretsTest : public LedgerTest {
 protected:
  Result<KeyWithSecret> mint_as(Principal by, const KeyId& id,
                                std::optional<Idempotency> idempotency = std::nullopt) {
    return await(ledger_->mint_playground_secret(std::move(by), id, std::move(idempotency)));
  }

  KeyWithSecret mint(const KeyWithSecret& of) {
    auto made = mint_as(owner(), of.key.id);
    EXPECT_TRUE(made) << made.error().message << " " << made.error().detail;
    return std::move(*made);
  }

  ErrorCode refused(const KeyWithSecret& of) {
    auto made = mint_as(owner(), of.key.id);
    EXPECT_FALSE(made);
    return made ? ErrorCode::kInternal : made.error().code;
  }

  static std::size_t playground_secrets(const Key& key) {
    return static_cast<std::size_t>(
        std::ranges::count(key.secrets, SecretPurpose::kPlayground, &KeySecret::purpose));
  }
};

TEST_F(PlaygroundSecretsTest, LivesFifteenMinutesBesideTheKeysOwn) {
  const KeyWithSecret made = make("tried");
  const KeyWithSecret minted = mint(made);
  EXPECT_EQ(refusal(minted), std::nullopt);
  clock_.advance(kPlaygroundLife - std::chrono::microseconds(1));
  EXPECT_EQ(refusal(minted), std::nullopt);
  clock_.advance(std::chrono::microseconds(1));
  EXPECT_EQ(refusal(minted), ErrorCode::kExpiredApiKey);
  EXPECT_EQ(refusal(made), std::nullopt);
}

TEST_F(PlaygroundSecretsTest, IsCountedApartFromTheKeysOwn) {
  const KeyWithSecret made = make("counted");
  const KeyWithSecret minted = mint(made);
  ASSERT_TRUE(buy(made));
  ASSERT_TRUE(buy(minted));
  ASSERT_TRUE(buy(minted, 502));
  const KeyView counted = view(made);
  ASSERT_EQ(counted.key.secrets.size(), 2U);
  EXPECT_EQ(counted.key.secrets[0].id, minted.minted);
  EXPECT_EQ(counted.secret_use[0].requests, 2);
  EXPECT_EQ(counted.secret_use[0].errors, 1);
  EXPECT_EQ(counted.secret_use[1].requests, 1);
  EXPECT_EQ(counted.use.requests, 3);
  EXPECT_EQ(number("SELECT count(*) FROM usage u JOIN secrets s ON s.number = u.secret_number "
                   "WHERE s.purpose = 'playground'"),
            2);
}

TEST_F(PlaygroundSecretsTest, IsNeverTheCurrentOneAndEndsWithTheOneThatIsRotated) {
  const KeyWithSecret made = make("current");
  const KeyWithSecret minted = mint(made);
  EXPECT_EQ(current_secret(view(made).key).id, made.key.secrets[0].id);
  const auto rotated = rotate(made.key.id, seconds(60));
  ASSERT_TRUE(rotated);
  EXPECT_EQ(refusal(made), std::nullopt) << "the current secret has the grace";
  EXPECT_EQ(refusal(minted), std::nullopt) << "and so has what stood in for it";
  clock_.advance(seconds(60));
  EXPECT_EQ(refusal(made), ErrorCode::kExpiredApiKey);
  EXPECT_EQ(refusal(minted), ErrorCode::kExpiredApiKey);
  EXPECT_EQ(refusal(*rotated), std::nullopt);
}

TEST_F(PlaygroundSecretsTest, NoRotationLengthensIt) {
  const KeyWithSecret made = make("leisurely");
  const KeyWithSecret minted = mint(made);
  ASSERT_TRUE(rotate(made.key.id, kPlaygroundLife * 2));
  clock_.advance(kPlaygroundLife);
  EXPECT_EQ(refusal(made), std::nullopt);
  EXPECT_EQ(refusal(minted), ErrorCode::kExpiredApiKey);
}

TEST_F(PlaygroundSecretsTest, AreFewWhoeverAsksHoweverOften) {
  const KeyWithSecret made = make("asked");
  std::vector<KeyWithSecret> minted;
  for (std::size_t i = 0; i < kPlaygroundSecretsMax; ++i) {
    minted.push_back(mint(made));
    clock_.advance(seconds(1));
  }
  for (const KeyWithSecret& one : minted) EXPECT_EQ(refusal(one), std::nullopt);
  const KeyWithSecret beyond = mint(made);
  EXPECT_EQ(refusal(beyond), std::nullopt);
  EXPECT_EQ(refusal(minted[0]), ErrorCode::kInvalidApiKey) << "the first to end made room";
  EXPECT_EQ(refusal(minted[1]), std::nullopt);
  EXPECT_EQ(beyond.minted, minted[0].minted);
  EXPECT_EQ(playground_secrets(view(made).key), kPlaygroundSecretsMax);
  EXPECT_EQ(number("SELECT count(*) FROM secrets"),
            static_cast<std::int64_t>(kPlaygroundSecretsMax) + 1);
}

TEST_F(PlaygroundSecretsTest, TakesThePlaceOfOneThatEndedAndGoesOnCounting) {
  const KeyWithSecret made = make("again");
  const KeyWithSecret first = mint(made);
  ASSERT_TRUE(buy(first));
  clock_.advance(kPlaygroundLife);
  const KeyWithSecret second = mint(made);
  EXPECT_EQ(second.minted, first.minted);
  EXPECT_EQ(playground_secrets(second.key), 1U);
  EXPECT_EQ(refusal(first), ErrorCode::kInvalidApiKey);
  ASSERT_TRUE(buy(second));
  EXPECT_EQ(view(made).secret_use[0].requests, 2);
  restart();
  EXPECT_EQ(refusal(first), ErrorCode::kInvalidApiKey);
  EXPECT_EQ(refusal(second), std::nullopt);
  EXPECT_EQ(view(made).secret_use[0].requests, 2);
}

// Authenticated with the token before, still sending its body when another takes its place.
TEST_F(PlaygroundSecretsTest, ARequestOfATokenThatWasReplacedIsNotAdmitted) {
  const KeyWithSecret made = make("replaced");
  const KeyWithSecret first = mint(made);
  const auto identity = authenticate(first);
  ASSERT_TRUE(identity);
  for (std::size_t i = 0; i < kPlaygroundSecretsMax; ++i) mint(made);
  const auto reserved = reserve(*identity);
  ASSERT_FALSE(reserved);
  EXPECT_EQ(reserved.error().code, ErrorCode::kExpiredApiKey);
}

TEST_F(PlaygroundSecretsTest, DiesWithItsKey) {
  const KeyWithSecret off = make("off");
  const KeyWithSecret of_off = mint(off);
  ASSERT_TRUE(switch_to(off.key.id, KeyStatus::kDisabled));
  EXPECT_EQ(refusal(of_off), ErrorCode::kDisabledApiKey);
  const KeyWithSecret gone = make("gone");
  const KeyWithSecret of_gone = mint(gone);
  ASSERT_TRUE(revoke(gone.key.id));
  EXPECT_EQ(refusal(of_gone), ErrorCode::kExpiredApiKey);
}

TEST_F(PlaygroundSecretsTest, IsRefusedForAKeyThatCouldCallNothing) {
  const KeyWithSecret off = make("off");
  ASSERT_TRUE(switch_to(off.key.id, KeyStatus::kDisabled));
  EXPECT_EQ(refused(off), ErrorCode::kConflict);
  KeyPolicy brief = named("brief");
  brief.expires_at = clock_.wall() + minutes(1);
  const KeyWithSecret expired = make(std::move(brief));
  clock_.advance(minutes(1));
  EXPECT_EQ(refused(expired), ErrorCode::kConflict);
  const KeyWithSecret gone = make("gone");
  ASSERT_TRUE(revoke(gone.key.id));
  EXPECT_EQ(refused(gone), ErrorCode::kConflict);
  KeyPolicy console = named("console");
  console.type = KeyType::kManagement;
  EXPECT_EQ(refused(make(std::move(console))), ErrorCode::kConflict);
  EXPECT_EQ(number("SELECT count(*) FROM secrets WHERE purpose = 'playground'"), 0);
}

// A test clock is for limits and expiry; the page that holds the secret lives in real time.
TEST_F(PlaygroundSecretsTest, LivesInRealTimeWhateverTheTestClockSays) {
  KeyPolicy simulated = named("simulated");
  simulated.environment = Environment::kSandbox;
  const KeyWithSecret made = make(std::move(simulated));
  ASSERT_TRUE(await(
      ledger_->advance_test_clock(owner(), store::default_workspace_id(), std::chrono::days(3))));
  const KeyWithSecret minted = mint(made);
  EXPECT_EQ(refusal(minted), std::nullopt);
  clock_.advance(kPlaygroundLife);
  EXPECT_EQ(refusal(minted), ErrorCode::kExpiredApiKey);
}

TEST_F(PlaygroundSecretsTest, OfAKeyElsewhereIsNotFound) {
  const KeyWithSecret made = make("theirs");
  EXPECT_EQ(mint_as(stranger(), made.key.id).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(mint_as(owner(), KeyId("key_none")).error().code, ErrorCode::kNotFound);
}

TEST_F(PlaygroundSecretsTest, AReplayMintsOnceAndShowsNoToken) {
  const KeyWithSecret made = make("replayed");
  const Idempotency once{.key = "k", .caller = "cli", .fingerprint = sha256("mint")};
  const auto first = mint_as(owner(), made.key.id, once);
  const auto replay = mint_as(owner(), made.key.id, once);
  ASSERT_TRUE(first && replay);
  EXPECT_FALSE(replay->secret);
  EXPECT_EQ(replay->minted, first->minted);
  EXPECT_EQ(playground_secrets(view(made).key), 1U);
  EXPECT_EQ(refusal(*first), std::nullopt);
}

TEST_F(PlaygroundSecretsTest, AReplayIsNotToldOfTheSecretThatTookThePlace) {
  const KeyWithSecret made = make("replayed late");
  const Idempotency once{.key = "k", .caller = "cli", .fingerprint = sha256("mint")};
  const auto first = mint_as(owner(), made.key.id, once);
  ASSERT_TRUE(first);
  clock_.advance(kPlaygroundLife);
  const auto ended = mint_as(owner(), made.key.id, once);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->minted, first->minted);
  EXPECT_EQ(mint(made).minted, first->minted);
  EXPECT_EQ(mint_as(owner(), made.key.id, once).error().code, ErrorCode::kConflict);
}

TEST_F(PlaygroundSecretsTest, IsAnAuditRowThatTellsNoToken) {
  const KeyWithSecret made = make("watched");
  const KeyWithSecret minted = mint(made);
  std::function<Result<store::AuditPage>(sql::Connection&)> list = [](sql::Connection& connection) {
    return store::list_audit(connection, {});
  };
  const auto page = await(ledger_->read<store::AuditPage>(std::move(list)));
  ASSERT_TRUE(page);
  const store::AuditEntry& entry = page->rows.front().entry;
  EXPECT_EQ(entry.action, "key.playground");
  EXPECT_EQ(entry.object, made.key.id.get());
  ASSERT_TRUE(entry.before && entry.after);
  EXPECT_THAT(*entry.before, Not(HasSubstr("playground")));
  EXPECT_THAT(*entry.after, HasSubstr(R"("purpose":"playground")"));
  for (const std::string& text : {*entry.before, *entry.after}) {
    EXPECT_THAT(text, Not(HasSubstr(std::string(minted.secret->expose()))));
    EXPECT_THAT(text, Not(HasSubstr(std::string(made.secret->expose()))));
  }
}

}  // namespace
}  // namespace tollgate
