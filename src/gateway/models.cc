#include "gateway/models.h"

#include <algorithm>

#include "base/json.h"
#include "domain/limit_json.h"
#include "gateway/answers.h"
#include "gateway/caller.h"
#include "intake/key_route.h"
#include "routing/callable_models.h"

namespace tollgate {

namespace {

std::int64_t unix_seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

json::object model_json(const CallableModel& listed, std::int64_t created) {
  const std::string_view whose = listed.model == nullptr ? kAuto : listed.model->id.get();
  json::object out{{"id", listed.id},
                   {"object", "model"},
                   {"created", created},
                   {"owned_by", whose.substr(0, whose.find('/'))}};
  if (!listed.alias_of.empty()) out["alias_of"] = listed.alias_of;
  if (listed.model == nullptr) return out;
  const Model& model = *listed.model;
  if (model.context_window > 0) out["context_window"] = model.context_window;
  if (model.max_output_tokens > 0) out["max_output_tokens"] = model.max_output_tokens;
  out["pricing"] = {{"input", format_money(model.prices().tokens.input)},
                    {"output", format_money(model.prices().tokens.output)}};
  return out;
}

std::vector<CallableModel> models_of(const Caller& caller) {
  const KeyPolicy& policy = caller.identity.key().policy;
  const Snapshot& snapshot = *caller.state->targets->snapshot();
  // A key whose profile is gone may call nothing.
  const auto profile = profile_of(caller.identity.key(), snapshot);
  if (!profile) return {};
  return callable_models(
      snapshot, {.models = policy.models, .environment = policy.environment, .profile = *profile});
}

// The one of that id, or else the model that the text is short for.
const CallableModel* find_callable(const std::vector<CallableModel>& all, const Snapshot& snapshot,
                                   std::string_view text) {
  const auto named = std::ranges::find(all, text, &CallableModel::id);
  if (named != all.end()) return &*named;
  const Model* meant = snapshot.find(text);
  if (meant == nullptr) return nullptr;
  const auto model = std::ranges::find(all, meant, &CallableModel::model);
  return model == all.end() ? nullptr : &*model;
}

json::array texts(const std::vector<std::string>& values) {
  return json::array(values.begin(), values.end());
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

Task<> list_models(Gateway& gateway, net::Exchange& exchange) {
  const auto caller = co_await known_caller(gateway, exchange);
  if (!caller) co_return;
  json::array data;
  const std::int64_t created = unix_seconds(caller->identity.key().created_at);
  for (const CallableModel& one : models_of(*caller)) data.push_back(model_json(one, created));
  std::string body = json::serialize(json::object{{"object", "list"}, {"data", std::move(data)}});
  co_await answer_json(gateway, exchange, *caller, std::move(body));
}

Task<> get_model(Gateway& gateway, net::Exchange& exchange, std::string id) {
  const auto caller = co_await known_caller(gateway, exchange);
  if (!caller) co_return;
  const std::vector<CallableModel> all = models_of(*caller);
  const CallableModel* asked = find_callable(all, *caller->state->targets->snapshot(), id);
  if (asked == nullptr) {
    Error error{.code = ErrorCode::kNotFound,
                .message =
                    "There is no such model that this key may call. GET /v1/models lists "
                    "those it may.",
                .param = "model"};
    co_return co_await refuse(gateway, exchange, *caller, std::move(error));
  }
  std::string body =
      json::serialize(model_json(*asked, unix_seconds(caller->identity.key().created_at)));
  co_await answer_json(gateway, exchange, *caller, std::move(body));
}

Task<> own_key(Gateway& gateway, net::Exchange& exchange) {
  const auto caller = co_await known_caller(gateway, exchange);
  if (!caller) co_return;
  const Key& key = caller->identity.key();
  const KeyPolicy& policy = key.policy;
  const KeyView view = gateway.ledger.own_key(caller->identity);
  const KeySecret& secret = caller->identity.secret();
  json::object out{
      {"id", key.id.get()},
      {"name", policy.name},
      {"status", key_status_name(view.status)},
      {"environment", environment_name(policy.environment)},
      {"type", key_type_name(policy.type)},
      {"prefix", secret.preview},
      {"last4", secret.last4},
      {"models", texts(policy.models)},
      {"region", text_or_null(policy.region)},
      {"enforcement", enforcement_name(policy.enforcement)},
      {"limits", limits_json(view.limits)},
      {"expires_at", policy.expires_at ? json::value(format_time(*policy.expires_at)) : nullptr},
      {"created_at", format_time(key.created_at)}};
  co_await answer_json(gateway, exchange, *caller, json::serialize(out));
}

Task<> no_such_route(Gateway& gateway, net::Exchange& exchange, std::string allow) {
  const auto caller = co_await known_caller(gateway, exchange);
  if (!caller) co_return;
  Error error{.code = ErrorCode::kNotFound,
              .message = "There is nothing at this path. The API is described at /openapi.yaml."};
  if (!allow.empty()) {
    error = {.code = ErrorCode::kMethodNotAllowed,
             .message = "This path takes " + allow + " only."};
  }
  gateway.ledger.count_unadmitted(caller->identity, error.code);
  net::Response answer = error_answer(gateway, *caller, error);
  if (!allow.empty()) answer.fields.emplace_back("Allow", allow);
  (void)co_await exchange.respond(std::move(answer));
}

}  // namespace tollgate
