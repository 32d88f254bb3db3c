#include "store/keys.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>

#include "base/json.h"
#include "store/test_store.h"

namespace tollgate::store {
namespace {

using KeysTest = StoreTest;

KeyPolicy full_policy() {
  KeyPolicy policy;
  policy.name = "naïve \"name\"";
  policy.description = "line\nline";
  policy.icon = "🔑";
  policy.environment = Environment::kSandbox;
  policy.type = KeyType::kManagement;
  policy.role = Role::kAdmin;
  policy.models = {"openai/*", "acme/large"};
  policy.region = "eu-west";
  policy.limits = {
      {.metric = Metric::kCost, .window = {.kind = WindowKind::kMonth}, .amount = 25'500'000'000},
      {.metric = Metric::kConcurrency, .window = {.kind = WindowKind::kNow}, .amount = 4}};
  policy.enforcement = Enforcement::kSoft;
  policy.allowed_ips = {"10.0.0.0/8"};
  policy.expires_at = test_time(kHourMicros);
  policy.enabled = false;
  policy.prefer_low_carbon = true;
  policy.tags = {"a,b", ""};
  return policy;
}

TEST_F(KeysTest, GivesBackEveryFieldThatWasStored) {
  Key key = test_key("full", 3);
  key.policy = full_policy();
  key.secrets[2].retires_at = test_time(7);
  expect_ok(insert_key(connection_, key));
  const Key found = find_key(connection_, key.id).value();
  EXPECT_EQ(found.number, key.number);
  EXPECT_EQ(found.workspace, key.workspace);
  EXPECT_EQ(found.policy, key.policy);
  EXPECT_EQ(found.created_at, key.created_at);
  EXPECT_EQ(found.created_by, key.created_by);
  EXPECT_EQ(found.revoked_at, std::nullopt);
  ASSERT_EQ(found.secrets.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found.secrets[i].number, key.secrets[i].number);
    EXPECT_EQ(found.secrets[i].id, key.secrets[i].id);
    EXPECT_EQ(found.secrets[i].hash, key.secrets[i].hash);
    EXPECT_EQ(found.secrets[i].preview, key.secrets[i].preview);
    EXPECT_EQ(found.secrets[i].last4, key.secrets[i].last4);
    EXPECT_EQ(found.secrets[i].created_at, key.secrets[i].created_at);
    EXPECT_EQ(found.secrets[i].retires_at, key.secrets[i].retires_at);
  }
  EXPECT_GT(found.secrets[0].number, found.secrets[2].number);
}

TEST_F(KeysTest, ReplacesTheWholePolicy) {
  const Key key = stored_key("a");
  expect_ok(update_key_policy(connection_, key.number, full_policy()));
  EXPECT_EQ(find_key(connection_, key.id).value().policy, full_policy());
  expect_ok(update_key_policy(connection_, key.number, key.policy));
  EXPECT_EQ(find_key(connection_, key.id).value().policy, key.policy);
}

TEST_F(KeysTest, RefusesANameThatAnUnrevokedKeyHas) {
  const Key first = stored_key("taken");
  Key second = test_key("taken");
  second.id = KeyId("key_second");
  second.secrets.clear();
  const Status refused = insert_key(connection_, second);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(refused.error().param, "name");

  const Key other = stored_key("other");
  EXPECT_EQ(update_key_policy(connection_, other.number, first.policy).error().param, "name");
  expect_ok(update_key_policy(connection_, first.number, first.policy));

  expect_ok(set_key_revoked(connection_, first.number, test_time()));
  expect_ok(insert_key(connection_, second));
}

TEST_F(KeysTest, RefusesASecretThatExists) {
  const Key key = stored_key("a");
  KeySecret same = key.secrets.front();
  same.id = SecretId("sec_other");
  EXPECT_EQ(insert_secret(connection_, key.number, same).error().code, ErrorCode::kConflict);
}

TEST_F(KeysTest, RefusesASecretOrWorkspaceOfNothing) {
  KeySecret secret = test_key("a").secrets.front();
  EXPECT_FALSE(insert_secret(connection_, 99, secret));
  Key key = test_key("a");
  key.workspace = WorkspaceId("ws_none");
  EXPECT_FALSE(insert_key(connection_, key));
}

TEST_F(KeysTest, AddsANewestSecretAndRetiresTheOld) {
  const Key key = stored_key("a");
  KeySecret next = test_key("b").secrets.front();
  expect_ok(insert_secret(connection_, key.number, next));
  expect_ok(set_secret_retires_at(connection_, key.secrets.front().number, test_time(9)));
  const Key found = find_key(connection_, key.id).value();
  ASSERT_EQ(found.secrets.size(), 2u);
  EXPECT_EQ(found.secrets[0].id, next.id);
  EXPECT_EQ(found.secrets[1].retires_at, test_time(9));
}

TEST_F(KeysTest, RenewsASecretInItsRowAndKeepsWhatItIsFor) {
  const Key key = stored_key("a");
  KeySecret made = test_key("b").secrets.front();
  made.purpose = SecretPurpose::kPlayground;
  expect_ok(insert_secret(connection_, key.number, made));
  KeySecret renewed = test_key("c").secrets.front();
  renewed.id = made.id;
  renewed.number = made.number;
  renewed.purpose = made.purpose;
  renewed.created_at = test_time(8);
  renewed.retires_at = test_time(9);
  expect_ok(renew_secret(connection_, renewed));
  const Key found = find_key(connection_, key.id).value();
  ASSERT_EQ(found.secrets.size(), 2u);
  EXPECT_EQ(found.secrets[0], renewed);
  EXPECT_EQ(found.secrets[1].purpose, SecretPurpose::kClient);
  renewed.number = 99;
  EXPECT_EQ(renew_secret(connection_, renewed).error().code, ErrorCode::kNotFound);
}

TEST_F(KeysTest, AKeyWhoseLimitsCannotBeReadIsNeverTakenForUnlimited) {
  const Key key = stored_key("a");
  for (const auto* limits : {"", "{}", R"([{"metric":"cost","window":"month","amount":25}])"}) {
    sql::Statement update = connection_.prepare("UPDATE keys SET limits = ?");
    expect_ok(update.bind(1, limits).run());
    EXPECT_EQ(find_key(connection_, key.id).error().code, ErrorCode::kInternal) << limits;
  }
}

TEST_F(KeysTest, RevokesOnce) {
  const Key key = stored_key("a");
  expect_ok(set_key_revoked(connection_, key.number, test_time(3)));
  EXPECT_EQ(find_key(connection_, key.id).value().revoked_at, test_time(3));
  EXPECT_EQ(set_key_revoked(connection_, key.number, test_time(4)).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(find_key(connection_, key.id).value().revoked_at, test_time(3));
}

TEST_F(KeysTest, SaysThatWhatIsAbsentIsNotFound) {
  EXPECT_EQ(find_key(connection_, KeyId("key_none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(update_key_policy(connection_, 99, full_policy()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(set_key_revoked(connection_, 99, test_time()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(set_secret_retires_at(connection_, 99, test_time()).error().code, ErrorCode::kNotFound);
}

TEST_F(KeysTest, WalksEveryKeyWithItsOwnSecrets) {
  for (int i = 0; i < 5; ++i) stored_key("k" + std::to_string(i), i);
  expect_ok(set_key_revoked(connection_, 3, test_time()));
  std::vector<std::string> seen;
  expect_ok(for_each_key(connection_, [&](Key key) -> Status {
    for (const KeySecret& secret : key.secrets) {
      EXPECT_TRUE(secret.id.get().starts_with("sec_" + key.policy.name + "_"));
    }
    seen.push_back(key.policy.name + ":" + std::to_string(key.secrets.size()));
    return {};
  }));
  EXPECT_THAT(seen, testing::ElementsAre("k0:0", "k1:1", "k2:2", "k3:3", "k4:4"));
}

TEST_F(KeysTest, EndsTheWalkWithTheTakersError) {
  stored_key("a");
  stored_key("b");
  int seen = 0;
  const Status ended = for_each_key(connection_, [&](Key) -> Status {
    ++seen;
    return fail(ErrorCode::kConflict, "enough");
  });
  EXPECT_EQ(ended.error().code, ErrorCode::kConflict);
  EXPECT_EQ(seen, 1);
}

TEST_F(KeysTest, DescribesAKeyForTheAuditLogWithoutItsHash) {
  Key key = test_key("full");
  key.policy = full_policy();
  const std::string text = key_json(key);
  const json::value parsed = parse_json(text).value();
  EXPECT_EQ(parsed.at("name").as_string(), key.policy.name);
  EXPECT_EQ(parsed.at("models").as_array().size(), 2u);
  EXPECT_EQ(json::serialize(parsed.at("limits")),
            R"([{"metric":"cost","window":"month","amount":"25.5"},)"
            R"({"metric":"concurrency","amount":4}])");
  EXPECT_EQ(parsed.at("enabled").as_bool(), false);
  EXPECT_EQ(parsed.at("expires_at").as_string(), format_time(*key.policy.expires_at));
  EXPECT_TRUE(parsed.at("revoked_at").is_null());
  EXPECT_EQ(parsed.at("secrets").as_array().size(), 1u);
  EXPECT_EQ(text.find(to_hex(key.secrets.front().hash)), std::string::npos);
}

TEST_F(KeysTest, LoadsAHundredThousandKeys) {
  constexpr int kKeys = 100'000;
  // By one statement each: the walk is what counts here.
  const Key key = stored_key("model");
  expect_ok(connection_.exec(fmt::format(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
      "INSERT INTO keys (id, workspace_id, name, description, icon, environment, type, role, "
      "models, region, enforcement, allowed_ips, enabled, prefer_low_carbon, tags, created_at, "
      "created_by) SELECT 'key_n' || i, workspace_id, 'n' || i, description, icon, environment, "
      "type, role, '[\"openai/*\"]', region, enforcement, allowed_ips, enabled, "
      "prefer_low_carbon, tags, created_at, created_by FROM n, keys WHERE keys.number = {}",
      kKeys - 1, key.number)));
  expect_ok(connection_.exec(fmt::format(
      "INSERT INTO secrets (id, key_number, hash, preview, last4, created_at) "
      "SELECT 'sec' || number, number, randomblob(32), 'preview...', 'last', created_at "
      "FROM keys WHERE number <> {}",
      key.number)));
  int seen = 0;
  const auto begin = std::chrono::steady_clock::now();
  expect_ok(for_each_key(connection_, [&](Key loaded) -> Status {
    seen += loaded.secrets.size() == 1 ? 1 : 0;
    return {};
  }));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(seen, kKeys);
  RecordProperty("load_ms", static_cast<int>(took / std::chrono::milliseconds(1)));
  GTEST_LOG_(INFO) << "loading " << kKeys << " keys took " << took / std::chrono::milliseconds(1)
                   << " ms";
}

}  // namespace
}  // namespace tollgate::store
