#include "domain/key_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/utf8.h"
#include "domain/model_pattern.h"

namespace tollgate {

namespace {

constexpr std::size_t kRegionLengthMax = 64;

enum class TextRule { kOneLine, kLines };

bool is_control(char32_t c, TextRule rule) {
  if (rule == TextRule::kLines && (c == '\n' || c == '\t')) return false;
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029;
}

// The blanks of Unicode, and those that show nothing at all.
bool is_blank(char32_t c) {
  return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200F) || c == 0x202F ||
         c == 0x205F || c == 0x2060 || c == 0x3000 || c == 0xFEFF;
}

bool only_blanks(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    if (!step.character || !is_blank(*step.character)) return false;
    at += step.size;
  }
  return true;
}

bool holds_control(std::string_view text, TextRule rule) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    if (step.character && is_control(*step.character, rule)) return true;
    at += step.size;
  }
  return false;
}

// Collects what is wrong with one policy.
class PolicyCheck {
 public:
  void problem(std::string_view param, std::string message) {
    problems_.push_back({std::string(param), std::move(message)});
  }

  // False when the text is not sound, the reason then being noted.
  bool text(std::string_view param, std::string_view value, std::size_t length_max, TextRule rule) {
    const auto length = utf8_length(value);
    if (!length) {
      problem(param, "must be valid UTF-8");
    } else if (*length > length_max) {
      problem(param, fmt::format("must be at most {} characters", length_max));
    } else if (holds_control(value, rule)) {
      problem(param, "must not hold control characters");
    } else {
      return true;
    }
    return false;
  }

  void name(std::string_view value) {
    if (value.empty()) {
      problem("name", "must not be empty");
    } else if (text("name", value, kKeyNameLengthMax, TextRule::kOneLine) && only_blanks(value)) {
      problem("name", "must hold more than blanks");
    }
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
    const bool sound = region.size() <= kRegionLengthMax && std::ranges::all_of(region, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       });
    if (!sound) problem("region", "must be at most 64 characters of a-z, 0-9 and -");
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
  checked.allowed_ips(policy.allowed_ips);
  checked.expires_at(policy.expires_at, now);
  checked.tags(policy.tags);
  return checked.finish();
}

}  // namespace tollgate
