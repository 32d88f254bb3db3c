#include "admin/key_json.h"

#include <algorithm>
#include <vector>

#include "admin/json_fields.h"
#include "base/check.h"
#include "domain/limit_json.h"

namespace tollgate {

namespace {

constexpr std::string_view truth(const bool value) { return value ? "true" : "false"; }

JsonFields secret_fields(const KeySecret& secret, const UseCount& use) {
  JsonFields fields;
  fields.text("id", secret.id.get())
      .text("purpose", secret_purpose_name(secret.purpose))
      .text("prefix", secret.preview)
      .text("last4", secret.last4)
      .time("created_at", secret.created_at)
      .time_or_null("last_used_at", use.last_used_at)
      .time_or_null("retires_at", secret.retires_at)
      .number("request_count", use.requests)
      .number("error_count", use.errors);
  return fields;
}

UseCount use_of_secret(const KeyView& view, std::size_t index) {
  return index < view.secret_use.size() ? view.secret_use[index] : UseCount();
}

JsonFields fields_of(const KeyView& view) {
  const Key& key = view.key;
  const KeyPolicy& policy = key.policy;
  const bool has_role = policy.type == KeyType::kManagement;
  std::vector<std::string> secrets;
  for (std::size_t i = 0; i < key.secrets.size(); ++i) {
    secrets.push_back(secret_fields(key.secrets[i], use_of_secret(view, i)).finish());
  }
  JsonFields fields;
  fields.text("id", key.id.get())
      .text("workspace_id", key.workspace.get())
      .text("name", policy.name)
      .text_or_null("description", policy.description)
      .text_or_null("icon", policy.icon)
      .text("environment", environment_name(policy.environment))
      .text("type", key_type_name(policy.type))
      .text_or_null("profile_id", key.profile.get())
      .text_or_null("role", has_role ? role_name(policy.role) : "")
      .texts("models", policy.models)
      .text_or_null("region", policy.region)
      .raw("limits", json::serialize(limits_json(view.limits)))
      .text("enforcement", enforcement_name(policy.enforcement))
      .texts("allowed_ips", policy.allowed_ips)
      .time_or_null("expires_at", policy.expires_at)
      .raw("enabled", truth(policy.enabled))
      .raw("prefer_low_carbon", truth(policy.prefer_low_carbon))
      .texts("tags", policy.tags)
      .text("prefix", current_secret(key).preview)
      .text("last4", current_secret(key).last4)
      .text("status", key_status_name(view.status))
      .time("created_at", key.created_at)
      .text("created_by", key.created_by)
      .time_or_null("revoked_at", key.revoked_at)
      .time_or_null("last_used_at", view.use.last_used_at)
      .number("request_count", view.use.requests)
      .number("error_count", view.use.errors)
      .raw("secrets", json_array(secrets));
  return fields;
}

}  // namespace

std::string render_key(const KeyView& view) { return fields_of(view).finish(); }

std::string render_key(const KeyView& view, const Secret& secret) {
  return fields_of(view).text("secret", secret.expose()).finish();
}

std::string render_key_secret(const KeyView& view, const SecretId& id,
                              const std::optional<Secret>& secret) {
  const auto found = std::ranges::find(view.key.secrets, id, &KeySecret::id);
  check(found != view.key.secrets.end(), "a key has the secret that was minted for it");
  const auto index = static_cast<std::size_t>(found - view.key.secrets.begin());
  JsonFields fields = secret_fields(*found, use_of_secret(view, index));
  fields.text("key_id", view.key.id.get());
  if (secret) fields.text("secret", secret->expose());
  return fields.finish();
}

KeyView view_with_counters(const Key& key, const KeyView& counted, WallTime now) {
  if (counted.key == key) return counted;
  KeyView view;
  view.key = key;
  view.use = counted.use;
  view.status = key_status(key, now);
  const bool limited = counted.status == KeyStatus::kLimited;
  if (view.status == KeyStatus::kActive && limited) view.status = KeyStatus::kLimited;
  for (const auto& secret : key.secrets) {
    UseCount use;
    for (std::size_t i = 0; i < counted.key.secrets.size() && i < counted.secret_use.size(); ++i) {
      if (counted.key.secrets[i].id == secret.id) use = counted.secret_use[i];
    }
    view.secret_use.push_back(use);
  }
  view.limits = unused_limits(key.id.get(), key.policy.limits, now, key.created_at);
  for (auto& limit : view.limits) {
    const auto known = std::ranges::find(counted.limits, limit.id, &LimitState::id);
    if (known == counted.limits.end()) continue;
    limit.used = known->used;
    limit.held = known->held;
    limit.resets_at = known->resets_at;
  }
  return view;
}

}  // namespace tollgate
