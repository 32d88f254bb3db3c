#include "admin/key_json.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/random.h"
#include "domain/token.h"

namespace tollgate {
namespace {

const WallTime kNow = parse_time("2026-11-21T10:00:00Z").value();

class KeyJsonTest : public testing::Test {
 protected:
  KeyView view() const {
    KeySecret secret;
    secret.id = SecretId("sec_1");
    secret.hash = token_hash(token_.expose());
    secret.preview = token_preview(token_.expose());
    secret.last4 = token_last4(token_.expose());
    secret.created_at = kNow;
    KeyView view;
    view.key.id = KeyId("key_1");
    view.key.workspace = WorkspaceId("ws_default");
    view.key.policy.name = "check \"out\"";
    view.key.secrets = {secret};
    view.key.created_at = kNow;
    view.key.created_by = "cli";
    view.secret_use = {UseCount{.requests = 3, .errors = 1, .last_used_at = kNow}};
    view.use = UseCount{.requests = 5, .errors = 2, .last_used_at = kNow};
    return view;
  }

  SystemRandom random_;
  Secret token_ = TokenFormat::standard().mint(TokenKind::kProduction, random_);
};

TEST_F(KeyJsonTest, ShowsEveryFieldOfTheContract) {
  const auto value = parse_json(render_key(view()));
  ASSERT_TRUE(value);
  const auto& key = value->as_object();
  for (const auto* name : {"id",
                           "workspace_id",
                           "name",
                           "description",
                           "icon",
                           "environment",
                           "type",
                           "profile_id",
                           "role",
                           "models",
                           "region",
                           "limits",
                           "enforcement",
                           "allowed_ips",
                           "expires_at",
                           "enabled",
                           "prefer_low_carbon",
                           "tags",
                           "prefix",
                           "last4",
                           "status",
                           "created_at",
                           "created_by",
                           "revoked_at",
                           "last_used_at",
                           "request_count",
                           "error_count",
                           "secrets"}) {
    EXPECT_TRUE(key.contains(name)) << name;
  }
  EXPECT_EQ(key.size(), 28u);
  EXPECT_EQ(key.at("name"), "check \"out\"");
  EXPECT_EQ(key.at("status"), "active");
  EXPECT_TRUE(key.at("profile_id").is_null());
  EXPECT_EQ(key.at("request_count"), 5);
  EXPECT_EQ(key.at("error_count"), 2);
  EXPECT_EQ(key.at("created_at"), "2026-11-21T10:00:00.000000Z");
  EXPECT_TRUE(key.at("limits").as_array().empty());
  const auto& secret = key.at("secrets").at(0).as_object();
  EXPECT_EQ(secret.at("id"), "sec_1");
  EXPECT_EQ(secret.at("request_count"), 3);
  EXPECT_TRUE(secret.at("retires_at").is_null());
}

TEST_F(KeyJsonTest, ShowsEachLimitWithWhatIsUsedAndHeld) {
  KeyView shown = view();
  shown.limits = {
      {.limit = {.metric = Metric::kTokens, .window = {.kind = WindowKind::kDay}, .amount = 1'000},
       .id = "key_1/tokens/day",
       .used = 600,
       .held = 150,
       .resets_at = kNow}};
  EXPECT_EQ(json::serialize(parse_json(render_key(shown))->at("limits")),
            R"([{"id":"key_1/tokens/day","metric":"tokens","window":"day","amount":1000,)"
            R"("used":600,"held":150,"remaining":250,)"
            R"("resets_at":"2026-11-21T10:00:00.000000Z","bound":null}])");
}

TEST_F(KeyJsonTest, AChangedLimitKeepsItsCounterAndANewOneBeginsUnused) {
  const Limit tokens{
      .metric = Metric::kTokens, .window = {.kind = WindowKind::kDay}, .amount = 1'000};
  KeyView counted = view();
  counted.limits = unused_limits("key_1", std::vector{tokens}, kNow, kNow);
  counted.limits[0].used = 600;
  counted.limits[0].held = 150;
  Key changed = counted.key;
  changed.policy.limits = {
      {.metric = Metric::kCost, .window = {.kind = WindowKind::kDay}, .amount = 5}, tokens};
  changed.policy.limits[1].amount = 2'000;
  const KeyView shown = view_with_counters(changed, counted, kNow);
  ASSERT_EQ(shown.limits.size(), 2u);
  EXPECT_EQ(shown.limits[0].id, "key_1/cost/day");
  EXPECT_EQ(shown.limits[0].used, 0);
  EXPECT_EQ(shown.limits[0].resets_at, parse_time("2026-11-22").value());
  EXPECT_EQ(shown.limits[1].limit, changed.policy.limits[1]);
  EXPECT_EQ(shown.limits[1].remaining(), 1'250);
}

TEST_F(KeyJsonTest, AChangedKeyIsShownAsItIsCountedUnlessItWasChangedAgain) {
  KeyView counted = view();
  counted.status = KeyStatus::kLimited;
  EXPECT_EQ(render_key(view_with_counters(counted.key, counted, kNow)), render_key(counted));
  Key changed = counted.key;
  changed.policy.name = "another";
  EXPECT_EQ(view_with_counters(changed, counted, kNow).status, KeyStatus::kLimited);
  EXPECT_EQ(view_with_counters(changed, counted, kNow).key.policy.name, "another");
  changed.policy.enabled = false;
  EXPECT_EQ(view_with_counters(changed, counted, kNow).status, KeyStatus::kDisabled);
}

TEST_F(KeyJsonTest, UnusedKeyHasNoLastUse) {
  KeyView unused = view();
  unused.use = UseCount();
  unused.secret_use = {UseCount()};
  const auto value = parse_json(render_key(unused));
  ASSERT_TRUE(value);
  EXPECT_TRUE(value->at("last_used_at").is_null());
  EXPECT_TRUE(value->at("secrets").at(0).at("last_used_at").is_null());
}

TEST_F(KeyJsonTest, RoleIsOnlyAManagementKeys) {
  KeyView shown = view();
  EXPECT_TRUE(parse_json(render_key(shown))->at("role").is_null());
  shown.key.policy.type = KeyType::kManagement;
  shown.key.policy.role = Role::kMember;
  EXPECT_EQ(parse_json(render_key(shown))->at("role"), "member");
}

TEST_F(KeyJsonTest, SecretStandsOnlyWhereItIsGiven) {
  const std::string plain = render_key(view());
  EXPECT_EQ(plain.find(token_.expose()), std::string::npos);
  EXPECT_EQ(plain.find(to_hex(token_hash(token_.expose()))), std::string::npos);
  const auto shown = parse_json(render_key(view(), token_));
  ASSERT_TRUE(shown);
  EXPECT_EQ(std::string_view(shown->at("secret").as_string()), token_.expose());
}

TEST_F(KeyJsonTest, ChangedKeyKeepsTheCountersOfItsSecrets) {
  const KeyView counted = view();
  Key changed = counted.key;
  KeySecret newer = changed.secrets.front();
  newer.id = SecretId("sec_2");
  changed.secrets.insert(changed.secrets.begin(), newer);
  changed.policy.enabled = false;
  const KeyView merged = view_with_counters(changed, counted, kNow);
  EXPECT_EQ(merged.status, KeyStatus::kDisabled);
  EXPECT_EQ(merged.use.requests, 5);
  ASSERT_EQ(merged.secret_use.size(), 2u);
  EXPECT_EQ(merged.secret_use[0].requests, 0);
  EXPECT_EQ(merged.secret_use[1].requests, 3);
}

}  // namespace
}  // namespace tollgate
