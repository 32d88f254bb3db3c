#include "admin/explain.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "admin/explain_request.h"
#include "admin/json_fields.h"
#include "admin/keys.h"
#include "admin/request_body.h"
#include "domain/limit_json.h"
#include "intake/key_route.h"
#include "intake/read_request.h"
#include "intake/terms.h"
#include "upstream/encode.h"

namespace tollgate {

namespace {

// So many offers are tried at most, as the data plane does.
constexpr std::size_t kOffersTried = 6;
// So many requests in a row are looked at to find out which offers take turns.
constexpr std::uint64_t kTurnsLookedAt = 64;

JsonFields offer_fields(const Offer& offer) {
  JsonFields fields;
  fields.text("model", offer.model.get())
      .text("provider", offer.provider.get())
      .text_or_null("region", offer.region);
  return fields;
}

std::string offer_json(const Offer& offer) { return offer_fields(offer).finish(); }

// What would become of one request, step by step.
class Explained {
 public:
  Explained(const AdminContext& context, Identity identity, const ExplainRequest& asked)
      : ledger_(context.ledger),
        now_(context.clock.steady()),
        snapshot_(context.snapshot()),
        targets_(context.targets ? context.targets() : nullptr),
        identity_(std::move(identity)),
        asked_(asked) {
    if (Status refused = take_steps(); !refused) refusal_ = std::move(refused.error());
  }

  std::string json() const;

 private:
  using Bound = std::optional<GuardedTerms>;

  const Key& key() const { return identity_.key(); }
  Status take_steps();
  Status admit();
  Status tell(const Route& route, const Offer& offer, const Bound& bound);
  bool rebind(const Route& route, const Offer& next, Bound& bound) const;
  Result<const Offer*> find_sayable(const Route& route, Bound& bound);
  void find_turns();
  KeyRequest asked_in(std::uint64_t turn) const;
  std::string refusal_json() const;
  std::string candidate_json(const Offer& offer) const;
  std::string limits_json_of(const std::vector<LimitState>& states) const;
  std::optional<std::int64_t> bound_of(const Limit& limit) const;

  const Ledger& ledger_;
  SteadyTime now_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const Targets> targets_;
  Identity identity_;
  const ExplainRequest& asked_;

  std::string_view step_ = "key";  // that was taken last
  const ProfileRules* profile_ = nullptr;
  std::optional<ChatRequest> request_;
  std::optional<PromptText> prompt_;
  std::optional<Route> route_;
  std::string decision_;
  Preview preview_;
  Bound bound_;
  const Offer* first_ = nullptr;        // that would be sent to
  std::map<std::string, Status> told_;  // whether an offer can be told the request, by its JSON
  std::vector<std::string> turns_;      // it, and those that take turns with it
  std::optional<Error> refusal_;
};

// In the order of the data plane.
Status Explained::take_steps() {
  if (Status usable = ledger_.recheck(identity_); !usable) return usable;
  if (Status scope = may_call_models(key()); !scope) return scope;
  step_ = "profile";
  const auto profile = profile_of(key(), *snapshot_);
  if (!profile) return std::unexpected(profile.error());
  profile_ = *profile;
  step_ = "body";
  auto request = read_request(asked_.kind, "", asked_.body, model_member(profile_));
  if (!request) return std::unexpected(std::move(request.error()));
  request_ = std::move(*request);
  step_ = "route";
  prompt_ = prompt_of(*snapshot_, asked_in(0));
  Explanation explained = explain_route_of(snapshot_, asked_in(0));
  decision_ = std::move(explained.decision);
  if (!explained.route) return std::unexpected(std::move(explained.route.error()));
  route_ = std::move(*explained.route);
  step_ = "limits";
  if (Status admitted = admit(); !admitted) return admitted;
  step_ = "dialect";
  const auto first = find_sayable(*route_, bound_);
  if (!first) return std::unexpected(first.error());
  first_ = *first;
  find_turns();
  return {};
}

KeyRequest Explained::asked_in(std::uint64_t turn) const {
  return {.key = key(),
          .profile = profile_,
          .request = *request_,
          .body = asked_.body,
          .region_header = asked_.region,
          .turn = turn,
          .now = now_,
          .prompt = prompt_ ? &*prompt_ : nullptr};
}

// Where the request would go as one of many like it.
void Explained::find_turns() {
  turns_.push_back(offer_json(*first_));
  for (std::uint64_t turn = 1; turn < kTurnsLookedAt; ++turn) {
    auto route = route_of(snapshot_, asked_in(turn));
    if (!route) continue;
    auto bound = bound_request(*route, *request_, preview_);
    if (!bound) continue;
    const auto served = find_sayable(*route, *bound);
    if (!served) continue;
    std::string offer = offer_json(**served);
    if (std::ranges::find(turns_, offer) == turns_.end()) turns_.push_back(std::move(offer));
  }
}

Status Explained::admit() {
  preview_ = ledger_.preview(identity_);
  auto bound = bound_request(*route_, *request_, preview_);
  if (!bound) return std::unexpected(std::move(bound.error()));
  bound_ = std::move(*bound);
  return ledger_.trial(identity_, bound_ ? bound_->ask : Ask());
}

// Whether the offer can be told the request.
Status Explained::tell(const Route& route, const Offer& offer, const Bound& bound) {
  const Provider& provider = route.provider_of(offer);
  // Where nobody counts for us, nobody has to be told.
  if (request_->kind == CompletionKind::kCountTokens &&
      answer_dialect(provider.dialect) != AnswerDialect::kAnthropic) {
    return {};
  }
  const auto [told, first] = told_.try_emplace(offer_json(offer));
  if (first) {
    EncodeTerms terms{.request = *request_,
                      .body = asked_.body,
                      .offer = offer,
                      .dialect = provider.dialect,
                      .reasons = reasons_at(*snapshot_, offer)};
    if (targets_) terms.responses = targets_->responses_by(provider);
    if (bound) terms.limit = bound->terms.limit;
    if (const auto body = encode(terms); !body) told->second = std::unexpected(body.error());
  }
  return told->second;
}

// Whether the request may go on to another offer, at that one's bound.
bool Explained::rebind(const Route& route, const Offer& next, Bound& bound) const {
  if (!bound) return true;
  Preview preview = preview_;
  cap_cost(preview, route.max_cost);
  auto other = guarded_terms(next, *request_, preview);
  if (!other || (route.max_cost && other->cost > *route.max_cost)) return false;
  if (!ledger_.trial(identity_, other->ask)) return false;
  bound = std::move(*other);
  return true;
}

// The first offer of the route that can be told the request, with `bound` made its own. Where there
// is none, or no limit has room for the next: what the one before is answered, as the data plane
// does.
Result<const Offer*> Explained::find_sayable(const Route& route, Bound& bound) {
  Status told = fail(ErrorCode::kNoProviderAvailable, "");
  const std::size_t tried = std::min(route.offers.size(), kOffersTried);
  for (std::size_t i = 0; i < tried; ++i) {
    const Offer& offer = *route.offers[i];
    if (i > 0 && !rebind(route, offer, bound)) break;
    told = tell(route, offer, bound);
    if (told) return &offer;
  }
  return std::unexpected(std::move(told.error()));
}

std::string Explained::refusal_json() const {
  JsonFields fields;
  fields.text("step", step_)
      .number("status", error_status(refusal_->code))
      .text("code", error_code_name(refusal_->code))
      .text("message", refusal_->message)
      .text_or_null("param", refusal_->param.value_or(""))
      .number_or_null("retry_after",
                      refusal_->retry_after.transform([](auto wait) { return wait.count(); }))
      .raw_or_null("details", refusal_->details_json);
  return fields.finish();
}

// What is held for the request should it go there.
std::string Explained::candidate_json(const Offer& offer) const {
  Preview preview = preview_;
  cap_cost(preview, route_->max_cost);
  const auto bound = guarded_terms(offer, *request_, preview);
  JsonFields fields = offer_fields(offer);
  if (!bound || !bound->terms.reserve) {
    return fields.text("unbounded", bound ? "" : bound.error().message).finish();
  }
  const Reserve& reserve = *bound->terms.reserve;
  fields.text_or_null("cost_bound", bound->ask.cost ? format_money(bound->cost) : "")
      .number("input_tokens_bound", reserve.input)
      .number("output_tokens_bound", reserve.output)
      .number_or_null("max_tokens_set", bound->terms.limit.transform(
                                            [](const OutputLimit& set) { return set.tokens; }));
  return fields.finish();
}

std::optional<std::int64_t> Explained::bound_of(const Limit& limit) const {
  if (limit.metric == Metric::kRequests || limit.metric == Metric::kConcurrency) return 1;
  if (!bound_) return std::nullopt;
  if (limit.metric == Metric::kCost) return bound_->ask.cost;
  return limit.window.kind == WindowKind::kRolling60s ? bound_->ask.token_rate : bound_->ask.tokens;
}

std::string Explained::limits_json_of(const std::vector<LimitState>& states) const {
  json::array shown;
  for (const LimitState& state : states) shown.push_back(limit_json(state, bound_of(state.limit)));
  return json::serialize(shown);
}

std::string Explained::json() const {
  const Environment environment = key().policy.environment;
  const Balance balance = ledger_.standing(identity_).balance;
  const bool prepaid =
      balance.mode == BalanceMode::kPrepaid && environment == Environment::kProduction;
  std::vector<std::string> candidates;
  if (route_) {
    for (const Offer* offer : route_->offers) candidates.push_back(candidate_json(*offer));
  }
  const auto available = balance.available();
  return JsonFields()
      .raw("allowed", refusal_ ? "false" : "true")
      .raw_or_null("refusal", refusal_ ? refusal_json() : "")
      .text("key", key().id.get())
      .text("key_name", key().policy.name)
      .text("environment", environment_name(environment))
      .text_or_null("profile", profile_ == nullptr ? "" : profile_->name)
      .text_or_null("model", first_ == nullptr ? "" : first_->model.get())
      .text_or_null("provider", first_ == nullptr ? "" : first_->provider.get())
      .text_or_null("region", first_ == nullptr ? "" : first_->region)
      .raw("turns", json_array(turns_))
      .raw_or_null("guarded", route_ ? (bound_ ? "true" : "false") : "")
      .raw("candidates", json_array(candidates))
      .raw_or_null("decision", decision_)
      .raw("limits", limits_json_of(ledger_.own_key(identity_).limits))
      .raw("workspace_limits",
           limits_json_of(ledger_.workspace_limits(key().workspace, environment)))
      .text_or_null("balance", prepaid && available ? format_money(*available) : "")
      .finish();
}

// By id, or by the name that one unrevoked key has where the caller may look.
Task<Result<Identity>> find_key(AdminCall& call, std::string text) {
  const Ledger& ledger = call.context.ledger;
  auto by_id = ledger.identity_of(KeyId(text), call.workspace);
  if (by_id || by_id.error().code != ErrorCode::kNotFound) co_return by_id;
  std::function<Result<std::vector<KeyView>>(sql::Connection&)> work =
      [&ledger, workspace = call.workspace, text = std::move(text)](sql::Connection&) {
        return keys_named(ledger, workspace, text);
      };
  const auto found = co_await call.context.ledger.read_facts(std::move(work));
  if (!found) co_return std::unexpected(found.error());
  if (found->size() == 1) co_return ledger.identity_of(found->front().key.id, call.workspace);
  Error error{.code = ErrorCode::kNotFound,
              .message = "There is no key with this id or name.",
              .param = "key"};
  if (!found->empty()) {
    error.code = ErrorCode::kConflict;
    error.message = "Several workspaces have a key of this name. Send the key's id.";
  }
  co_return std::unexpected(std::move(error));
}

}  // namespace

Task<Result<net::Response>> explain_request(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const net::RequestHead& head = call.exchange.head();
  if (auto sound = check_json_fields(head); !sound) co_return std::unexpected(sound.error());
  const auto body = co_await call.exchange.read_body(kExplainBodyBytesMax);
  if (!body) co_return std::unexpected(body.error());
  const auto asked = read_explain_request(*body);
  if (!asked) co_return std::unexpected(asked.error());
  auto identity = co_await find_key(call, asked->key);
  if (!identity) co_return std::unexpected(identity.error());
  co_return json_answer(Explained(call.context, std::move(*identity), *asked).json());
}

}  // namespace tollgate
