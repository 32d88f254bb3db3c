// The life of a key, through the ledger's public face.
#include "ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <thread>
#include <vector>

#include "ledger/ledger_fixture.h"
#include "store/audit.h"

namespace tollgate {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(LedgerTest, FirstStartMakesTheInstallationAndTheNextFindsIt) {
  EXPECT_TRUE(ledger_->created_now());
  restart();
  EXPECT_FALSE(ledger_->created_now());
}

TEST_F(LedgerTest, DataIsForItsOwnerAlone) {
  struct stat facts{};
  ASSERT_EQ(::stat(options().data_dir.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0700U);
  for (const char* name : {"/tollgate.db", "/tollgate.db-wal", "/lock"}) {
    ASSERT_EQ(::stat((options().data_dir + name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(LedgerTest, SecondOpenIsRefusedAndNamesTheHolder) {
  auto second = Ledger::open(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(::getpid())));
}

TEST_F(LedgerTest, CreatedKeyAuthenticatesAtOnce) {
  const KeyWithSecret made = make("first");
  ASSERT_TRUE(made.secret);
  auto identity = authenticate(made);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->key().id, made.key.id);
  EXPECT_EQ(identity->key().created_by, "cli");
  EXPECT_EQ(identity->secret().last4, token_last4(made.secret->expose()));
}

TEST_F(LedgerTest, SecretsPrefixTellsTheKindOfKey) {
  const TokenFormat format = TokenFormat::standard();
  EXPECT_TRUE(make("p").secret->expose().starts_with(format.prefix_of(TokenKind::kProduction)));
  KeyPolicy sandbox = named("s");
  sandbox.environment = Environment::kSandbox;
  EXPECT_TRUE(make(sandbox).secret->expose().starts_with(format.prefix_of(TokenKind::kSandbox)));
  KeyPolicy management = named("m");
  management.type = KeyType::kManagement;
  EXPECT_TRUE(
      make(management).secret->expose().starts_with(format.prefix_of(TokenKind::kManagement)));
}

TEST_F(LedgerTest, RefusesMalformedAndUnknownTokens) {
  const KeyWithSecret made = make("first");
  std::string wrong(made.secret->expose());
  wrong.back() = wrong.back() == 'a' ? 'b' : 'a';
  EXPECT_EQ(ledger_->authenticate(wrong).error().code, ErrorCode::kInvalidApiKey);
  EXPECT_EQ(ledger_->authenticate("").error().code, ErrorCode::kInvalidApiKey);
  const Secret stranger = TokenFormat::standard().mint(TokenKind::kProduction, random_);
  auto unknown = ledger_->authenticate(stranger.expose());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidApiKey);
  EXPECT_THAT(unknown.error().message, Not(HasSubstr(std::string(stranger.expose()))));
}

TEST_F(LedgerTest, SwitchedOffKeyIsRefusedUntilSwitchedOn) {
  const KeyWithSecret made = make("toggled");
  ASSERT_TRUE(switch_to(made.key.id, KeyStatus::kDisabled));
  EXPECT_EQ(refusal(made), ErrorCode::kDisabledApiKey);
  ASSERT_TRUE(switch_to(made.key.id, KeyStatus::kActive));
  EXPECT_EQ(refusal(made), std::nullopt);
}

TEST_F(LedgerTest, ExpiryComesWithTheClockAndBeforeDisabled) {
  KeyPolicy policy = named("short");
  policy.expires_at = clock_.wall() + hours(1);
  const KeyWithSecret made = make(policy);
  EXPECT_EQ(refusal(made), std::nullopt);
  ASSERT_TRUE(switch_to(made.key.id, KeyStatus::kDisabled));
  clock_.advance(hours(1));
  EXPECT_EQ(refusal(made), ErrorCode::kExpiredApiKey);
  EXPECT_EQ(view(made).status, KeyStatus::kExpired);
}

TEST_F(LedgerTest, RotationKillsTheOldSecretAtOnce) {
  const KeyWithSecret made = make("rotated");
  auto rotated = rotate(made.key.id, seconds(0));
  ASSERT_TRUE(rotated) << rotated.error().message;
  EXPECT_EQ(rotated->key.id, made.key.id);
  EXPECT_EQ(refusal(made), ErrorCode::kExpiredApiKey);
  EXPECT_EQ(refusal(*rotated), std::nullopt);
}

TEST_F(LedgerTest, RotatedOutSecretLivesForItsGrace) {
  const KeyWithSecret made = make("graceful");
  auto rotated = rotate(made.key.id, hours(1));
  ASSERT_TRUE(rotated);
  EXPECT_EQ(refusal(made), std::nullopt);
  EXPECT_EQ(refusal(*rotated), std::nullopt);
  clock_.advance(hours(1));
  EXPECT_EQ(refusal(made), ErrorCode::kExpiredApiKey);
  EXPECT_EQ(refusal(*rotated), std::nullopt);
}

TEST_F(LedgerTest, SecretInGraceDiesAtTheNextRotation) {
  const KeyWithSecret first = make("twice");
  auto second = rotate(first.key.id, hours(1));
  auto third = rotate(first.key.id, hours(1));
  ASSERT_TRUE(second && third);
  EXPECT_EQ(refusal(first), ErrorCode::kExpiredApiKey);
  EXPECT_EQ(refusal(*second), std::nullopt);
  EXPECT_EQ(refusal(*third), std::nullopt);
}

TEST_F(LedgerTest, RotationRefusesGraceBeyondThirtyDays) {
  const KeyWithSecret made = make("patient");
  EXPECT_TRUE(rotate(made.key.id, std::chrono::days(30)));
  auto refused = rotate(made.key.id, std::chrono::days(30) + seconds(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnprocessable);
}

TEST_F(LedgerTest, RotatingAnExpiredKeyIsAllowedAndARevokedOneIsNot) {
  KeyPolicy policy = named("late");
  policy.expires_at = clock_.wall() + hours(1);
  const KeyWithSecret made = make(policy);
  clock_.advance(hours(2));
  EXPECT_TRUE(rotate(made.key.id, seconds(0)));
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_EQ(rotate(made.key.id, seconds(0)).error().code, ErrorCode::kConflict);
}

TEST_F(LedgerTest, RevokedKeyAnswersExpiredAndFreesItsName) {
  const KeyWithSecret made = make("reused");
  auto clash = create(named("reused"));
  ASSERT_FALSE(clash);
  EXPECT_EQ(clash.error().code, ErrorCode::kConflict);
  EXPECT_EQ(clash.error().param, "name");
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_EQ(refusal(made), ErrorCode::kExpiredApiKey);
  const KeyWithSecret again = make("reused");
  EXPECT_EQ(refusal(again), std::nullopt);
  auto by_name = ledger_->key_by_name(store::default_workspace_id(), "reused");
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->key.id, again.key.id);
}

TEST_F(LedgerTest, SecondRevocationIsAConflictAndChangesNothing) {
  const KeyWithSecret made = make("once");
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_EQ(revoke(made.key.id).error().code, ErrorCode::kConflict);
  EXPECT_EQ(number("SELECT COUNT(*) FROM audit"), 2);
}

TEST_F(LedgerTest, RevokedKeyCannotBeChanged) {
  const KeyWithSecret made = make("gone");
  ASSERT_TRUE(revoke(made.key.id));
  EXPECT_EQ(switch_to(made.key.id, KeyStatus::kDisabled).error().code, ErrorCode::kConflict);
}

TEST_F(LedgerTest, ConcurrentCreatesOfOneNameHaveOneWinner) {
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        auto made = create(named("wanted by all"));
        if (made) {
          ++won;
        } else if (made.error().code == ErrorCode::kConflict) {
          ++lost;
        }
      });
    }
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
}

TEST_F(LedgerTest, RenamingOntoALiveNameIsRefusedAndChangesNothing) {
  make("taken");
  const KeyWithSecret made = make("mine");
  auto renamed = await(ledger_->update_key(owner(), made.key.id, [](KeyPolicy& policy) -> Status {
    policy.name = "taken";
    return {};
  }));
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().code, ErrorCode::kConflict);
  EXPECT_EQ(renamed.error().param, "name");
  EXPECT_EQ(view(made).key.policy.name, "mine");
}

TEST_F(LedgerTest, RefusedEditChangesNothing) {
  const KeyWithSecret made = make("steady");
  auto refused = await(ledger_->update_key(owner(), made.key.id, [](KeyPolicy& policy) -> Status {
    policy.enabled = false;
    return fail(ErrorCode::kUnprocessable, "no");
  }));
  EXPECT_EQ(refused.error().code, ErrorCode::kUnprocessable);
  EXPECT_EQ(refusal(made), std::nullopt);
  EXPECT_EQ(number("SELECT COUNT(*) FROM audit"), 1);
}

TEST_F(LedgerTest, EditsNeverLoseEachOther) {
  const KeyWithSecret made = make("shared");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        auto edit = [i](KeyPolicy& policy) -> Status {
          policy.tags.push_back("tag" + std::to_string(i));
          return {};
        };
        EXPECT_TRUE(await(ledger_->update_key(owner(), made.key.id, edit)));
      });
    }
  }
  EXPECT_EQ(view(made).key.policy.tags.size(), 8U);
}

TEST_F(LedgerTest, PolicyThatCouldNotBeReadAgainIsRefused) {
  KeyPolicy policy = named("bad network");
  policy.allowed_ips = {"not a network"};
  auto made = create(policy);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kUnprocessable);
}

TEST_F(LedgerTest, KeysOfAnotherWorkspaceAreNotFound) {
  const KeyWithSecret made = make("theirs");
  auto edit = [](KeyPolicy&) -> Status { return {}; };
  EXPECT_EQ(await(ledger_->update_key(stranger(), made.key.id, edit)).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(
      await(ledger_->rotate_key(stranger(), made.key.id, seconds(0), std::nullopt)).error().code,
      ErrorCode::kNotFound);
  EXPECT_EQ(await(ledger_->revoke_key(stranger(), made.key.id, {})).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(await(ledger_->create_key(stranger(), store::default_workspace_id(), named("x"),
                                      std::nullopt))
                .error()
                .code,
            ErrorCode::kNotFound);
  EXPECT_EQ(ledger_->key(made.key.id, WorkspaceId("ws_other")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(refusal(made), std::nullopt);
}

TEST_F(LedgerTest, CreatingInAnUnknownWorkspaceIsNotFound) {
  auto made =
      await(ledger_->create_key(owner(), WorkspaceId("ws_nowhere"), named("lost"), std::nullopt));
  EXPECT_EQ(made.error().code, ErrorCode::kNotFound);
}

Idempotency idempotency(std::string key, std::string body) {
  return {.key = std::move(key), .caller = "cli", .fingerprint = sha256(body)};
}

TEST_F(LedgerTest, ReplayedCreateGivesTheSameKeyWithoutItsSecret) {
  auto first = create(named("idempotent"), idempotency("k1", "body"));
  ASSERT_TRUE(first);
  auto replay = create(named("idempotent"), idempotency("k1", "body"));
  ASSERT_TRUE(replay) << replay.error().message;
  EXPECT_EQ(replay->key.id, first->key.id);
  EXPECT_FALSE(replay->secret);
  EXPECT_EQ(number("SELECT COUNT(*) FROM keys"), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM audit"), 1);
}

TEST_F(LedgerTest, IdempotencyKeyWithAnotherBodyIsRefused) {
  ASSERT_TRUE(create(named("one"), idempotency("k1", "body")));
  EXPECT_EQ(create(named("two"), idempotency("k1", "other")).error().code,
            ErrorCode::kIdempotencyKeyReused);
}

TEST_F(LedgerTest, IdempotencyKeyIsForgottenAfterADay) {
  ASSERT_TRUE(create(named("one"), idempotency("k1", "body")));
  clock_.advance(hours(24));
  auto made = create(named("two"), idempotency("k1", "other"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->secret);
}

TEST_F(LedgerTest, ReplayedRotationRotatesOnce) {
  const KeyWithSecret made = make("spun");
  auto first = rotate(made.key.id, seconds(0), idempotency("k2", "rotate"));
  auto replay = rotate(made.key.id, seconds(0), idempotency("k2", "rotate"));
  ASSERT_TRUE(first && replay);
  EXPECT_FALSE(replay->secret);
  EXPECT_EQ(replay->key.secrets.size(), 2U);
  EXPECT_EQ(refusal(*first), std::nullopt);
}

TEST_F(LedgerTest, EveryChangeIsAuditedInAChainWithoutSecrets) {
  const KeyWithSecret made = make("watched");
  ASSERT_TRUE(switch_to(made.key.id, KeyStatus::kDisabled));
  const auto rotated = rotate(made.key.id, seconds(0));
  ASSERT_TRUE(rotated);
  ASSERT_TRUE(revoke(made.key.id));
  std::function<Result<store::AuditPage>(sql::Connection&)> list = [](sql::Connection& connection) {
    return store::list_audit(connection, {});
  };
  auto page = await(ledger_->read<store::AuditPage>(std::move(list)));
  ASSERT_TRUE(page);
  std::vector<std::string> actions;
  for (const store::AuditRow& row : page->rows) {
    actions.push_back(row.entry.action);
    EXPECT_EQ(row.entry.actor, "cli");
    EXPECT_EQ(row.entry.from_address, "local socket");
    EXPECT_EQ(row.entry.object, made.key.id.get());
    for (const auto& text : {row.entry.before, row.entry.after}) {
      if (!text) continue;
      for (const KeyWithSecret* shown : {&made, &*rotated}) {
        EXPECT_THAT(*text, Not(HasSubstr(std::string(shown->secret->expose()))));
        EXPECT_THAT(*text, Not(HasSubstr(to_hex(shown->key.secrets[0].hash))));
      }
    }
  }
  EXPECT_THAT(actions,
              ::testing::ElementsAre("key.revoke", "key.rotate", "key.update", "key.create"));
  EXPECT_FALSE(page->rows.back().entry.before);
  std::function<Result<store::AuditVerdict>(sql::Connection&)> verify =
      [](sql::Connection& connection) { return store::verify_audit(connection); };
  auto verdict = await(ledger_->read<store::AuditVerdict>(std::move(verify)));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->rows, 4);
  EXPECT_FALSE(verdict->first_bad);
}

TEST_F(LedgerTest, RestartKnowsEveryKeyAndSecretAgain) {
  const KeyWithSecret active = make("active");
  const KeyWithSecret off = make("off");
  const KeyWithSecret gone = make("gone");
  const KeyWithSecret old = make("old");
  ASSERT_TRUE(switch_to(off.key.id, KeyStatus::kDisabled));
  ASSERT_TRUE(revoke(gone.key.id));
  auto renewed = rotate(old.key.id, hours(1));
  ASSERT_TRUE(renewed);
  restart();
  EXPECT_EQ(refusal(active), std::nullopt);
  EXPECT_EQ(refusal(off), ErrorCode::kDisabledApiKey);
  EXPECT_EQ(refusal(gone), ErrorCode::kExpiredApiKey);
  EXPECT_EQ(refusal(old), std::nullopt);
  EXPECT_EQ(refusal(*renewed), std::nullopt);
  clock_.advance(hours(1));
  EXPECT_EQ(refusal(old), ErrorCode::kExpiredApiKey);
  EXPECT_FALSE(create(named("active")));
  EXPECT_TRUE(create(named("gone")));
}

TEST_F(LedgerTest, ReadAndWriteRunStoreFunctions) {
  std::function<Result<int>(sql::Connection&)> write = [](sql::Connection& connection) {
    Status made = connection.exec("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('x')");
    return made ? Result<int>(7) : std::unexpected(made.error());
  };
  EXPECT_EQ(await(ledger_->write<int>(write)).value_or(0), 7);
  EXPECT_EQ(number("SELECT COUNT(*) FROM note"), 1);
}

}  // namespace
}  // namespace tollgate
