#include "admin/key_request.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "admin/limit_request.h"
#include "base/json.h"
#include "domain/key_policy.h"

namespace tollgate {

namespace {

// A body's members with the names that had a problem already, so that a member of the wrong type is
// not reported a second time as missing.
class PolicyReader {
 public:
  explicit PolicyReader(const json::value& value) : reader_(value) {}

  std::optional<std::string> text(std::string_view name) {
    return noted(name, reader_.string(name));
  }
  std::optional<bool> truth(std::string_view name) { return noted(name, reader_.boolean(name)); }

  // null gives an empty value.
  std::optional<std::string> clearable_text(std::string_view name) {
    if (reader_.is_null(name)) return std::string();
    return text(name);
  }
  std::optional<std::vector<std::string>> clearable_texts(std::string_view name) {
    if (reader_.is_null(name)) return std::vector<std::string>();
    return noted(name, reader_.strings(name));
  }
  std::optional<std::optional<WallTime>> clearable_time(std::string_view name) {
    if (reader_.is_null(name)) return std::optional<WallTime>();
    const auto written = text(name);
    if (!written) return std::nullopt;
    const auto time = parse_time(*written);
    if (time) return *time;
    problem(name, "must be a time such as 2027-01-31T00:00:00Z, or a date");
    return std::nullopt;
  }

  template <class T>
  std::optional<T> named(std::string_view name, std::optional<T> (*from_name)(std::string_view),
                         std::string_view choices) {
    const auto written = text(name);
    if (!written) return std::nullopt;
    const std::optional<T> value = from_name(*written);
    if (!value) problem(name, fmt::format("must be one of {}", choices));
    return value;
  }

  std::optional<std::vector<Limit>> limits(Money credit_value) {
    const json::value* list = reader_.raw("limits");
    if (list == nullptr) return std::nullopt;
    ReadLimits read = read_limits(*list, credit_value);
    for (auto& [param, message] : read.problems) {
      faulty_.emplace("limits");
      reader_.problem(param, std::move(message));
    }
    return std::move(read.limits);
  }

  bool has(std::string_view name) const { return reader_.has(name); }
  // A member that is refused whatever it holds.
  void refuse(std::string_view name, std::string_view why) {
    if (!has(name)) return;
    reader_.raw(name);
    problem(name, std::string(why));
  }
  void problem(std::string_view name, std::string what) {
    faulty_.emplace(name);
    reader_.problem(name, std::move(what));
  }
  bool is_faulty(std::string_view name) const { return faulty_.contains(name); }
  // The rules' own problems, for members that were read well. What a role may be hangs on the type.
  void add(const std::vector<PolicyProblem>& problems) {
    for (const auto& [param, message] : problems) {
      const std::string member = param.substr(0, param.find('['));
      if (is_faulty(member) || (member == "role" && is_faulty("type"))) continue;
      reader_.problem(param, message);
    }
  }
  Status finish() { return reader_.finish(); }

 private:
  template <class T>
  std::optional<T> noted(std::string_view name, std::optional<T> value) {
    if (!value && reader_.has(name)) faulty_.emplace(name);
    return value;
  }

  ObjectReader reader_;
  std::set<std::string, std::less<>> faulty_;
};

constexpr std::string_view kRoles = "viewer, member, admin";

// The members that creates and edits share.
KeyPatch read_members(PolicyReader& reader, Money credit_value) {
  KeyPatch patch;
  patch.name = reader.text("name");
  patch.description = reader.clearable_text("description");
  patch.icon = reader.clearable_text("icon");
  patch.region = reader.clearable_text("region");
  patch.models = reader.clearable_texts("models");
  patch.limits = reader.limits(credit_value);
  patch.allowed_ips = reader.clearable_texts("allowed_ips");
  patch.tags = reader.clearable_texts("tags");
  patch.expires_at = reader.clearable_time("expires_at");
  patch.enabled = reader.truth("enabled");
  patch.prefer_low_carbon = reader.truth("prefer_low_carbon");
  patch.enforcement = reader.named("enforcement", enforcement_from_name, "hard, soft");
  patch.role = reader.named("role", role_from_name, kRoles);
  if (patch.role == Role::kOperator)
    reader.problem("role", fmt::format("must be one of {}", kRoles));
  return patch;
}

void set_members(const KeyPatch& patch, KeyPolicy& policy) {
  const auto set = [](const auto& from, auto& to) {
    if (from) to = *from;
  };
  set(patch.name, policy.name);
  set(patch.description, policy.description);
  set(patch.icon, policy.icon);
  set(patch.region, policy.region);
  set(patch.models, policy.models);
  set(patch.limits, policy.limits);
  set(patch.allowed_ips, policy.allowed_ips);
  set(patch.tags, policy.tags);
  set(patch.expires_at, policy.expires_at);
  set(patch.enabled, policy.enabled);
  set(patch.prefer_low_carbon, policy.prefer_low_carbon);
  set(patch.enforcement, policy.enforcement);
  set(patch.role, policy.role);
}

void check_role(PolicyReader& reader, const KeyPolicy& policy) {
  if (!reader.has("role") || policy.type == KeyType::kManagement) return;
  if (!reader.is_faulty("type")) reader.problem("role", "is for keys of type management only");
}

// What the edit breaks. Rules about the moment of creation are judged only where the edit touches
// them: an expiry may pass, and a profile key's type is no edit's doing.
std::vector<PolicyProblem> problems_of_edit(const KeyPatch& patch, KeyPolicy& policy,
                                            WallTime now) {
  const std::optional<WallTime> expired_before = policy.expires_at;
  set_members(patch, policy);
  std::vector<PolicyProblem> problems = validate_key_policy(policy, now);
  const bool same_expiry = policy.expires_at == expired_before;
  std::erase_if(problems, [same_expiry](const PolicyProblem& problem) {
    return problem.param == "type" || (problem.param == "expires_at" && same_expiry);
  });
  return problems;
}

}  // namespace

Result<KeyPolicy> parse_key_create(std::string_view body, WallTime now, Money credit_value) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  PolicyReader reader(*value);
  KeyPolicy policy;
  policy.environment = reader.named("environment", environment_from_name, "production, sandbox")
                           .value_or(Environment::kProduction);
  policy.type =
      reader.named("type", key_type_from_name, "standard, management").value_or(KeyType::kStandard);
  if (policy.type == KeyType::kProfile) {
    reader.problem("type",
                   "must be one of standard, management: a profile key is made with its profile");
  }
  set_members(read_members(reader, credit_value), policy);
  check_role(reader, policy);
  if (value->is_object()) reader.add(validate_key_policy(policy, now));
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return policy;
}

Result<KeyPatch> parse_key_patch(std::string_view body, const KeyPolicy& current, WallTime now,
                                 Money credit_value) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  PolicyReader reader(*value);
  KeyPatch patch = read_members(reader, credit_value);
  reader.refuse("environment", "never changes: make a new key");
  reader.refuse("type", "never changes: make a new key");
  check_role(reader, current);
  KeyPolicy edited = current;
  reader.add(problems_of_edit(patch, edited, now));
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return patch;
}

Status apply_key_patch(const KeyPatch& patch, KeyPolicy& policy, WallTime now) {
  const json::value nothing = json::object();
  ObjectReader report(nothing);
  for (const auto& [param, message] : problems_of_edit(patch, policy, now)) {
    report.problem(param, message);
  }
  return report.finish();
}

Status parse_key_secret(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  const bool given = reader.has("purpose");
  const auto purpose = reader.string("purpose");
  if (!given || (purpose && *purpose != secret_purpose_name(SecretPurpose::kPlayground))) {
    reader.problem("purpose", "must be playground: rotate the key for a new secret of its own");
  }
  return reader.finish();
}

Result<std::chrono::seconds> parse_key_rotate(std::string_view body) {
  if (body.empty()) return std::chrono::seconds(0);
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  const std::int64_t grace = reader.integer("grace_seconds").value_or(0);
  if (grace < 0 || grace > kGraceMax.count()) {
    reader.problem("grace_seconds", fmt::format("must be from 0 to {}", kGraceMax.count()));
  }
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return std::chrono::seconds(grace);
}

}  // namespace tollgate
