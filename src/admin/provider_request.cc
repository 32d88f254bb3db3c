#include "admin/provider_request.h"

#include <utility>

#include "domain/http_url.h"
#include "domain/offer_json.h"
#include "domain/provider_json.h"

namespace tollgate {

namespace {

// What `models` says; a list that is not sent stays as it was.
void read_models(ObjectReader& reader, ProviderDefinition& definition) {
  if (!reader.has("models")) return;
  if (reader.is_null("models")) {
    definition.offers.clear();
    definition.provider.model_list =
        definition.provider.preset.empty() ? ModelList::kTold : ModelList::kOfPreset;
    return;
  }
  definition.offers = read_offers(reader, "models", definition.provider);
  definition.provider.model_list = ModelList::kTold;
}

bool is_same_host(std::string_view left, std::string_view right) {
  const auto one = parse_http_url(left);
  const auto other = parse_http_url(right);
  return one && other && one->scheme == other->scheme && one->host == other->host;
}

// A credential was given for one host, and is not sent to another one by a change that does not
// speak of it.
void ask_for_secrets(ObjectReader& reader, const Provider& provider) {
  constexpr std::string_view kRule =
      "must be sent again with an address on another host, or null: what was given for one "
      "provider is not sent to another";
  if (!provider.api_key.empty() && !reader.has("api_key")) {
    reader.problem("api_key", std::string(kRule));
  }
  if (!provider.headers.empty() && !reader.has("headers")) {
    reader.problem("headers", std::string(kRule));
  }
}

// The whole, once every member was read.
Result<ProviderDefinition> finished(ObjectReader& reader, ProviderDefinition definition) {
  for (PolicyProblem& problem : validate_provider(definition.provider, definition.offers)) {
    reader.problem(problem.param, std::move(problem.message));
  }
  if (Status sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return definition;
}

}  // namespace

Result<ProviderDefinition> parse_provider_create(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  ProviderDefinition definition;
  Provider& provider = definition.provider;
  provider.source = "api";
  provider.id = ProviderId(reader.string("id").value_or(""));
  read_provider(reader, provider);
  if (!provider.preset.empty()) provider.model_list = ModelList::kOfPreset;
  read_models(reader, definition);
  return finished(reader, std::move(definition));
}

Result<json::value> parse_provider_edit(std::string_view body) {
  auto value = parse_json(body);
  if (value && !value->is_object()) {
    return fail(ErrorCode::kUnprocessable, "Correct the request: the body must be a JSON object.");
  }
  return value;
}

Result<ProviderDefinition> apply_provider_edit(const json::value& edit,
                                               ProviderDefinition current) {
  ObjectReader reader(edit);
  const std::string before = current.provider.base_url;
  read_provider(reader, current.provider);
  if (!is_same_host(before, current.provider.base_url)) ask_for_secrets(reader, current.provider);
  // Who takes a preset away keeps what was told.
  if (current.provider.preset.empty()) current.provider.model_list = ModelList::kTold;
  read_models(reader, current);
  return finished(reader, std::move(current));
}

Result<std::optional<std::string>> parse_provider_test(std::string_view body) {
  if (body.empty()) return std::optional<std::string>();
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  if (reader.is_null("model")) reader.raw("model");
  auto model = reader.string("model");
  if (Status sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return model;
}

}  // namespace tollgate
