#include "domain/key_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "domain/limit_policy.h"
#include "domain/model_pattern.h"
#include "domain/text_rules.h"

namespace tollgate {

namespace {

// Collects what is wrong with one policy.
class PolicyCheck {
 public:
  void problem(std::string_view param, std::string message) {
    problems_.push_back({std::string(param), std::move(message)});
  }

  // False when the text is not sound, the reason then being noted.
  bool text(std::string_view param, std::string_view value, std::size_t length_max, TextRule rule) {
    auto wrong = text_problem(value, length_max, rule);
    if (wrong) problem(param, std::move(*wrong));
    return !wrong;
  }

  void name(std::string_view value) {
    auto wrong = name_problem(value, kKeyNameLengthMax);
    if (wrong) problem("name", std::move(*wrong));
  }

  void models(const std::vector<std::string>& models) {
    if (models.size() > kKeyModelsMax) {
      problem("models", fmt::format("must list at most {} models", kKeyModelsMax));
      return;
    }
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Status sound = validate_model_pattern(models[i]);
      if (!sound) problem(fmt::format("models[{}]", i), "is not a model: " + sound.error().message);
    }
  }

  void region(std::string_view region) {
    auto wrong = region_problem(region);
    if (wrong) problem("region", std::move(*wrong));
  }

  void limits(std::span<const Limit> limits) {
    for (auto& wrong : validate_limits(limits)) problems_.push_back(std::move(wrong));
  }

  // Canonical texts, each once.
  void allowed_ips(std::vector<std::string>& networks) {
    if (networks.size() > kKeyAllowedIpsMax) {
      problem("allowed_ips", fmt::format("must list at most {} networks", kKeyAllowedIpsMax));
      return;
    }
    std::vector<std::string> canonical;
    bool sound = true;
    for (std::size_t i = 0; i < networks.size(); ++i) {
      const auto cidr = Cidr::parse(networks[i]);
      if (!cidr) {
        problem(fmt::format("allowed_ips[{}]", i), "is not a network: " + cidr.error().message);
        sound = false;
      } else if (std::ranges::find(canonical, cidr->text()) == canonical.end()) {
        canonical.push_back(cidr->text());
      }
    }
    if (sound) networks = std::move(canonical);
  }

  void tags(const std::vector<std::string>& tags) {
    if (tags.size() > kKeyTagsMax) {
      problem("tags", fmt::format("must list at most {} tags", kKeyTagsMax));
      return;
    }
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < tags.size(); ++i) {
      const std::string param = fmt::format("tags[{}]", i);
      if (!text(param, tags[i], kKeyTagLengthMax, TextRule::kOneLine)) continue;
      if (only_blanks(tags[i])) {
        problem(param, "must not be empty");
      } else if (!seen.insert(tags[i]).second) {
        problem(param, "stands twice: list each tag once");
      }
    }
  }

  // What may not stand together.
  void kind(const KeyPolicy& policy) {
    if (policy.type == KeyType::kProfile) {
      problem("type", "must be standard or management: a profile key is made with its profile");
    }
    if (policy.type != KeyType::kManagement) {
      if (policy.role != Role::kViewer) problem("role", "is for keys of type management only");
      return;
    }
    if (policy.role == Role::kOperator) {
      problem("role", "must be viewer, member or admin: no key is an operator");
    }
    if (!policy.models.empty()) {
      problem("models", "must be empty: a management key calls no model");
    }
    if (!policy.region.empty()) {
      problem("region", "must be empty: a management key calls no model");
    }
    if (!policy.limits.empty()) {
      problem("limits", "must be empty: a management key calls no model");
    }
  }

  void expires_at(const std::optional<WallTime>& expires_at, WallTime now) {
    if (expires_at && *expires_at <= now) problem("expires_at", "must lie in the future");
  }

  std::vector<PolicyProblem> finish() { return std::move(problems_); }

 private:
  std::vector<PolicyProblem> problems_;
};

}  // namespace

std::vector<PolicyProblem> validate_key_policy(KeyPolicy& policy, WallTime now) {
  PolicyCheck checked;
  checked.name(policy.name);
  checked.text("description", policy.description, kKeyDescriptionLengthMax, TextRule::kLines);
  checked.text("icon", policy.icon, kKeyIconLengthMax, TextRule::kOneLine);
  checked.kind(policy);
  checked.models(policy.models);
  checked.region(policy.region);
  checked.limits(policy.limits);
  checked.allowed_ips(policy.allowed_ips);
  checked.expires_at(policy.expires_at, now);
  checked.tags(policy.tags);
  return checked.finish();
}

}  // namespace tollgate
