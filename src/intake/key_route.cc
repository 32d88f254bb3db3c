#include "intake/key_route.h"

namespace tollgate {

namespace {

// What a model has to be for the route that was called.
ModelKind model_kind_of(CompletionKind kind) {
  switch (kind) {
    case CompletionKind::kEmbeddings:
      return ModelKind::kEmbedding;
    case CompletionKind::kModerations:
      return ModelKind::kModeration;
    case CompletionKind::kRerank:
      return ModelKind::kRerank;
    case CompletionKind::kImages:
      return ModelKind::kImage;
    case CompletionKind::kSpeech:
      return ModelKind::kSpeech;
    case CompletionKind::kTranscription:
      return ModelKind::kTranscription;
    default:
      return ModelKind::kChat;
  }
}

// What is put to the Snapshot, with the prompt that it points to.
class Needs {
 public:
  Needs(const Snapshot& snapshot, const KeyRequest& asked, std::string_view region) {
    const PromptText* prompt = asked.prompt;
    if (prompt == nullptr && (prompt_ = prompt_of(snapshot, asked))) prompt = &*prompt_;
    const KeyPolicy& policy = asked.key.policy;
    needs_.emplace(RouteNeeds{.model = asked.request.model,
                              .models = policy.models,
                              .environment = policy.environment,
                              .key_region = policy.region,
                              .request_region = region,
                              .turn = asked.turn,
                              .kind = model_kind_of(asked.request.kind),
                              .needs = &asked.request.needs,
                              .prompt = prompt,
                              .route = &asked.request.route,
                              .profile = asked.profile,
                              .prefer_low_carbon = policy.prefer_low_carbon,
                              .free = asked.request.kind == CompletionKind::kCountTokens,
                              .now = asked.now});
  }
  Needs(const Needs&) = delete;
  Needs& operator=(const Needs&) = delete;

  const RouteNeeds& get() const { return *needs_; }

 private:
  std::optional<PromptText> prompt_;
  std::optional<RouteNeeds> needs_;
};

}  // namespace

Status may_call_models(const Key& key) {
  if (key.policy.type != KeyType::kManagement) return {};
  return fail(ErrorCode::kInsufficientScope,
              "This is a management key: it uses the admin API and can call no model. Use a "
              "standard key here.");
}

Result<const ProfileRules*> profile_of(const Key& key, const Snapshot& snapshot) {
  if (key.policy.type != KeyType::kProfile) return nullptr;
  const Profile* profile = snapshot.profile(key.profile);
  if (profile != nullptr && profile->workspace == key.workspace) return &profile->rules;
  return fail(ErrorCode::kDisabledApiKey,
              "The routing profile of this key is gone, and the key serves nothing without it. "
              "Recreate the profile, which makes a new key, or use another key.");
}

ModelMember model_member(const ProfileRules* profile) {
  return profile != nullptr && !profile->honor_model ? ModelMember::kOptional
                                                     : ModelMember::kRequired;
}

std::optional<PromptText> prompt_of(const Snapshot& snapshot, const KeyRequest& asked) {
  if (!is_conversation(asked.request.kind)) return std::nullopt;
  const bool by_rule =
      asked.profile != nullptr || snapshot.resolve(asked.request.model).automatic.has_value();
  if (!by_rule) return std::nullopt;
  return prompt_text(asked.request, asked.body);
}

Result<Route> route_of(const std::shared_ptr<const Snapshot>& snapshot, const KeyRequest& asked) {
  const auto region = requested_region(asked.region_header, asked.request.route.region);
  if (!region) return std::unexpected(region.error());
  const Needs needs(*snapshot, asked, *region);
  return choose_route(snapshot, needs.get());
}

Explanation explain_route_of(const std::shared_ptr<const Snapshot>& snapshot,
                             const KeyRequest& asked) {
  const auto region = requested_region(asked.region_header, asked.request.route.region);
  if (!region) return {.route = std::unexpected(region.error()), .decision = {}};
  const Needs needs(*snapshot, asked, *region);
  return explain_route(snapshot, needs.get());
}

}  // namespace tollgate
