#include "cli/catalogue_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "cli/flags.h"
#include "config/file_check.h"

namespace tollgate::cli {
namespace {

constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidRequest, std::move(message));
}

template <class T>
void put(json::object& body, std::string_view name, const std::optional<T>& value) {
  if (value) body[name] = *value;
}

// An empty text takes the setting back.
void put_text(json::object& body, std::string_view name, const std::optional<std::string>& text) {
  if (text) body[name] = text->empty() ? json::value(nullptr) : json::value(*text);
}

// "a,b" and repeated options alike.
json::array items(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) {
    std::size_t from = 0;
    while (from <= text.size()) {
      const std::size_t comma = std::min(text.find(',', from), text.size());
      if (comma > from) out.emplace_back(text.substr(from, comma - from));
      from = comma + 1;
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

Status put_headers(json::object& body, const ProviderFlags& flags) {
  if (!flags.headers) return {};
  json::object headers;
  for (const std::string& line : *flags.headers) {
    if (line.empty()) continue;  // '' removes all
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) return refuse("--header takes 'Name: value'");
    headers[trimmed(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  }
  body["headers"] = std::move(headers);
  return {};
}

// Never as an argument, which every process of the machine can read, and the shell keeps.
Status put_api_key(json::object& body, const ProviderFlags& flags, const Terminal& terminal) {
  const int sources =
      (flags.api_key_env ? 1 : 0) + (flags.api_key_stdin ? 1 : 0) + (flags.no_api_key ? 1 : 0);
  if (sources > 1)
    return refuse(
        "give the credential in one way: --api-key-env, --api-key-stdin "
        "or --no-api-key");
  if (flags.no_api_key) body["api_key"] = nullptr;
  if (flags.api_key_env) {
    const auto key = terminal.environment(*flags.api_key_env);
    if (!key || key->empty()) {
      return refuse(fmt::format("--api-key-env: the variable {} is not set", *flags.api_key_env));
    }
    body["api_key"] = *key;
  }
  if (flags.api_key_stdin) {
    const std::string text = terminal.in ? terminal.in() : std::string();
    const std::string_view key = trimmed(text);
    if (key.empty()) return refuse("--api-key-stdin: nothing came on standard input");
    body["api_key"] = key;
  }
  return {};
}

void put_models(json::object& body, const ProviderFlags& flags) {
  if (flags.all_models) body["models"] = nullptr;
  if (!flags.models) return;
  json::array models;
  for (const json::value& id : items(*flags.models)) models.push_back(json::object{{"id", id}});
  body["models"] = std::move(models);
}

}  // namespace

Result<json::object> read_json_file(const std::string& path, const Terminal& terminal) {
  std::string text;
  if (path == "-") {
    text = terminal.in ? terminal.in() : std::string();
  } else {
    auto read = config::read_file(path, kFileBytesMax);
    if (!read) return refuse(fmt::format("the file {} {}", path, read.error().message));
    text = std::move(*read);
  }
  auto value = parse_json(text);
  if (!value) return std::unexpected(value.error());
  if (!value->is_object()) return refuse("the file must hold one JSON object");
  return std::move(value->get_object());
}

Result<json::object> provider_document(const ProviderFlags& flags, const Terminal& terminal) {
  json::object body;
  if (flags.from) {
    auto read = read_json_file(*flags.from, terminal);
    if (!read) return read;
    body = std::move(*read);
  }
  put_text(body, "preset", flags.preset);
  put(body, "dialect", flags.dialect);
  put(body, "base_url", flags.base_url);
  put_text(body, "api_version", flags.api_version);
  put(body, "responses", flags.responses);
  put_text(body, "region", flags.region);
  put(body, "allow_private", flags.allow_private);
  put_models(body, flags);
  Status sound = put_headers(body, flags);
  if (sound) sound = put_api_key(body, flags, terminal);
  if (!sound) return std::unexpected(sound.error());
  return body;
}

Result<json::object> facts_document(const ModelFlags& flags) {
  json::object body;
  put_text(body, "name", flags.name);
  put_text(body, "kind", flags.kind);
  put_text(body, "tier", flags.tier);
  put(body, "quality", flags.quality);
  put(body, "tool_calling", flags.tool_calling);
  // Of a model that one provider is told of, the sizes are that offer's.
  if (!flags.provider) {
    put(body, "context_window", flags.context_window);
    put(body, "max_output_tokens", flags.max_output_tokens);
  }
  json::object capabilities;
  for (const auto& [names, has] : {std::pair(&flags.has, true), std::pair(&flags.lacks, false)}) {
    if (!*names) continue;
    for (const json::value& name : items(**names)) {
      if (capabilities.contains(name.get_string())) {
        return refuse(
            fmt::format("--has and --lacks both name {}", std::string_view(name.get_string())));
      }
      capabilities[name.get_string()] = has;
    }
  }
  if (!capabilities.empty()) body["capabilities"] = std::move(capabilities);
  return body;
}

json::object offer_document(const ModelFlags& flags) {
  json::object body;
  put_text(body, "upstream_model", flags.upstream);
  put_text(body, "region", flags.region);
  put_text(body, "max_tokens_field", flags.max_tokens_field);
  put(body, "context_window", flags.context_window);
  put(body, "max_output_tokens", flags.max_output_tokens);
  if (!flags.prices.empty()) {
    json::object prices;
    for (const auto& [name, amount] : flags.prices) prices[name] = amount;
    body["prices"] = std::move(prices);
  }
  return body;
}

Result<json::object> profile_document(const ProfileFlags& flags) {
  json::object body;
  put(body, "name", flags.name);
  put(body, "description", flags.description);
  if (flags.strategy && flags.order) return refuse("--order is a strategy: leave --strategy out");
  put(body, "strategy", flags.strategy);
  if (flags.order) body["strategy"] = items(*flags.order);
  put(body, "tier_floor", flags.tier_floor);
  put(body, "tier_ceiling", flags.tier_ceiling);
  put_text(body, "cost_cap", flags.cost_cap);
  put(body, "min_tool_calling", flags.min_tool_calling);
  put(body, "region", flags.region);
  if (flags.models) body["models"] = items(*flags.models);
  put(body, "honor_model", flags.honor_model);
  put(body, "environment", flags.environment);
  json::object caps;
  for (const auto& [names, allowed] :
       {std::pair(&flags.allow, true), std::pair(&flags.deny, false)}) {
    if (!*names) continue;
    for (const json::value& name : items(**names)) caps[name.get_string()] = allowed;
  }
  if (!caps.empty()) body["capabilities"] = std::move(caps);
  return body;
}

}  // namespace tollgate::cli
