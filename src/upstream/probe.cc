#include "upstream/probe.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/json.h"
#include "net/head_writer.h"
#include "upstream/encode.h"

namespace tollgate {
namespace {

constexpr std::size_t kAnswerBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kMissingShownMax = 20;
// A person waits for the answer.
constexpr std::chrono::milliseconds kPatience{20'000};
constexpr std::string_view kAnthropicVersion = "2023-06-01";

constexpr std::array<std::string_view, 14> kVerdictNames = {
    "ok",         "dns",      "destination", "connect",  "proxy", "tls",     "timeout",
    "connection", "redirect", "credential",  "base_url", "model", "refused", "answer"};

ProbeResult verdict(ProbeVerdict what, std::string message, int status = 0) {
  ProbeResult result;
  result.verdict = what;
  result.message = std::move(message);
  result.status = status;
  return result;
}

struct ProbeRequest {
  std::string_view method;
  std::string path;  // behind the base path
  std::string body;
};

std::string head_of(const Target& target, const ProbeRequest& request) {
  std::string head;
  net::HeadWriter writer(head);
  writer.request_line(request.method, target.base_path + request.path);
  writer.field("Host", target.origin.host_header);
  writer.field("Accept", "application/json");
  writer.field("User-Agent", "tollgate");
  if (!request.body.empty()) writer.field("Content-Type", "application/json");
  if (target.provider->dialect == Dialect::kAnthropic) {
    writer.field("anthropic-version", kAnthropicVersion);
  }
  if (!target.credential.empty()) {
    writer.field(target.credential_field, target.credential.expose());
  }
  for (const auto& [name, value] : target.provider->headers) writer.field(name, value);
  writer.field("Accept-Encoding", "identity");
  if (!request.body.empty()) writer.length(request.body.size());
  if (!writer.finish()) head.clear();
  return head;
}

// The list of models, where each dialect has it.
std::string list_path(const Provider& provider) {
  switch (provider.dialect) {
    case Dialect::kAnthropic:
      return "/models?limit=1000";
    case Dialect::kAzureOpenAi:
      return "/openai/models?api-version=" + provider.api_version;
    default:
      return "/models";
  }
}

// Why no answer came.
ProbeResult no_answer(const Error& error, net::CallStage stage) {
  const bool late = error.code == ErrorCode::kProviderTimeout;
  switch (stage) {
    case net::CallStage::kLookUp:
      return verdict(ProbeVerdict::kName,
                     "The host of base_url has no address. Check its spelling, and that this "
                     "machine can resolve names.");
    case net::CallStage::kReach:
      return verdict(ProbeVerdict::kDestination,
                     "The host of base_url has an address that this provider may not have: "
                     "link-local and metadata addresses never, private ones only with "
                     "allow_private and a host of your own network, or from tollgate.yaml.");
    case net::CallStage::kConnect:
      return verdict(ProbeVerdict::kConnect,
                     late ? "The connection did not come about in time. Check the port of "
                            "base_url, and firewalls on the way."
                          : "Nobody accepts connections there. Check the host and port of "
                            "base_url, and that the server runs.");
    case net::CallStage::kProxy:
      return verdict(ProbeVerdict::kProxy,
                     "The proxy does not let the connection through. Check https_proxy and its "
                     "credential, or except the host with no_proxy.");
    case net::CallStage::kTls:
      return verdict(ProbeVerdict::kTls,
                     "TLS fails: the server does not speak it, or its certificate is not believed "
                     "or is another host's. Check https:// in base_url; for an authority of your "
                     "own, set ca_file.");
    case net::CallStage::kExchange:
      break;
  }
  if (late) {
    return verdict(
        ProbeVerdict::kTimeout,
        "It is connected, but gave no answer in time. Try again, or check the provider's "
        "status page.");
  }
  return verdict(ProbeVerdict::kConnection,
                 "It closed the connection, or did not answer in HTTP. Check http:// or https:// "
                 "and the port of base_url.");
}

// The whole body; what is beyond the bound is not read.
Task<Result<std::string>> read_body(net::ClientCall& call) {
  std::string body;
  for (;;) {
    const Result<std::string_view> piece = co_await call.read();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty() || body.size() > kAnswerBytesMax) co_return body;
    body += *piece;
  }
}

struct Answer {
  ProbeResult failed;  // where no answer came
  int status = 0;
  std::string body;
  std::chrono::milliseconds latency{0};
};

Task<Answer> ask(net::HttpClient& client, const Target& target, const ProbeRequest& request) {
  net::CallDeadlines deadlines = target.deadlines;
  deadlines.head = std::min(deadlines.head, kPatience);
  deadlines.silence = std::min(deadlines.silence, kPatience);
  deadlines.total = std::min(deadlines.total, 2 * kPatience);
  const SteadyTime began = std::chrono::steady_clock::now();
  net::ClientCall call(client, target.origin, deadlines);
  std::string head = head_of(target, request);
  std::vector<std::string_view> pieces;
  if (!request.body.empty()) pieces.emplace_back(request.body);
  const Status sent = co_await call.send(head, pieces);
  OPENSSL_cleanse(head.data(), head.size());
  Answer answer;
  if (!sent) {
    answer.failed = no_answer(sent.error(), call.stage());
    co_return answer;
  }
  answer.status = call.head().status;
  answer.latency = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  Result<std::string> body = co_await read_body(call);
  if (body) {
    answer.body = std::move(*body);
  } else {
    answer.failed = no_answer(body.error(), call.stage());
    answer.status = 0;
  }
  co_return answer;
}

// What every answer but a good one means; kOk for a good one.
ProbeResult judge_status(int status) {
  if (status >= 200 && status < 300) return verdict(ProbeVerdict::kOk, "", status);
  if (status >= 300 && status < 400) {
    return verdict(
        ProbeVerdict::kRedirect,
        fmt::format("It answers {} and sends elsewhere, which is never followed: put the "
                    "final address into base_url.",
                    status),
        status);
  }
  if (status == 401 || status == 403) {
    return verdict(ProbeVerdict::kCredential,
                   fmt::format("It refuses the credential ({}). Check api_key: that it is this "
                               "provider's, is not revoked, and may call the API.",
                               status),
                   status);
  }
  if (status == 404) {
    return verdict(ProbeVerdict::kBaseUrl,
                   "It is there, but has nothing at this path (404). Check the path of base_url: "
                   "most end in /v1.",
                   status);
  }
  if (status == 402 || status == 429) {
    return verdict(ProbeVerdict::kRefused,
                   fmt::format("It is reached, and refuses for lack of quota or for too many "
                               "requests ({}). Check the account's balance and limits.",
                               status),
                   status);
  }
  return verdict(ProbeVerdict::kRefused,
                 fmt::format("It is reached, and answers {}. Try again later, or check the "
                             "provider's status page.",
                             status),
                 status);
}

// The ids of {"data":[{"id"}…]}, or of the list alone, as some servers answer.
std::optional<std::set<std::string>> listed_ids(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::nullopt;
  const json::value* list = &*value;
  if (const auto* object = value->if_object()) {
    list = object->if_contains("data");
    if (list == nullptr) list = object->if_contains("models");
  }
  if (list == nullptr || !list->is_array()) return std::nullopt;
  std::set<std::string> ids;
  for (const json::value& entry : list->get_array()) {
    const auto* object = entry.if_object();
    const json::value* id = object == nullptr ? nullptr : object->if_contains("id");
    if (id == nullptr || !id->is_string()) continue;
    std::string name(id->get_string());
    // Gemini's list has "models/" before each.
    constexpr std::string_view kPrefix = "models/";
    if (name.starts_with(kPrefix)) ids.insert(name.substr(kPrefix.size()));
    ids.insert(std::move(name));
  }
  return ids;
}

std::vector<std::string> missing_of(const std::vector<const Offer*>& offers,
                                    const std::set<std::string>& ids) {
  std::vector<std::string> missing;
  for (const Offer* offer : offers) {
    if (!ids.contains(offer->upstream_model)) missing.push_back(offer->upstream_model);
  }
  return missing;
}

std::string shown(const std::vector<std::string>& names) {
  const std::size_t count = std::min(names.size(), kMissingShownMax);
  std::string out = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count), ", "));
  if (count < names.size()) out += fmt::format(" and {} more", names.size() - count);
  return out;
}

std::string ping_body(const Provider& provider, const Offer& offer) {
  json::object body{{"model", offer.upstream_model},
                    {"messages", json::array{{{"role", "user"}, {"content", "ping"}}}}};
  const bool anthropic = provider.dialect == Dialect::kAnthropic;
  // Enough for a reasoning model to say anything at all.
  body[anthropic ? "max_tokens" : std::string_view(offer.max_tokens_field)] = 16;
  return json::serialize(body);
}

bool speaks_of_model(std::string_view body) {
  return body.find("model_not_found") != std::string_view::npos ||
         body.find("DeploymentNotFound") != std::string_view::npos ||
         body.find("not_found_error") != std::string_view::npos ||
         body.find("invalid_model") != std::string_view::npos ||
         body.find("model_not_exist") != std::string_view::npos;
}

}  // namespace

std::string_view probe_verdict_name(ProbeVerdict verdict) {
  return kVerdictNames.at(static_cast<std::size_t>(verdict));
}

ProbeResult judge_models_answer(int status, std::string_view body, const Provider& provider,
                                const ProbeOffers& offers) {
  if (status == 405 || status == 501) {
    return verdict(ProbeVerdict::kOk,
                   "It answers, but does not list its models: name one of them to try it.", status);
  }
  ProbeResult result = judge_status(status);
  if (result.verdict != ProbeVerdict::kOk) return result;
  const auto ids = listed_ids(body);
  if (!ids) {
    return verdict(
        ProbeVerdict::kAnswer,
        "It answers, but not with a list of models. Check base_url, and that the dialect "
        "is the one it speaks.",
        status);
  }
  // Azure lists what could be deployed, not what is.
  if (provider.dialect == Dialect::kAzureOpenAi) {
    result.message = "It answers, and takes the credential. Name a model to try its deployment.";
    return result;
  }
  std::vector<std::string> told = missing_of(offers.told, *ids);
  if (!told.empty()) {
    result = verdict(ProbeVerdict::kModel,
                     fmt::format("It takes the credential, but its list does not have: {}. Check "
                                 "upstream_model, and that the account has access.",
                                 shown(told)),
                     status);
    result.missing = std::move(told);
    return result;
  }
  result.missing = missing_of(offers.others, *ids);
  result.message =
      result.missing.empty()
          ? fmt::format(
                "It answers, takes the credential, and has every model that is offered here "
                "({} listed).",
                ids->size())
          : fmt::format(
                "It answers and takes the credential. This account's list does not have: "
                "{}. To offer the others alone, list them in `models`.",
                shown(result.missing));
  return result;
}

ProbeResult judge_model_answer(int status, std::string_view body, const Offer& offer) {
  const bool unknown = status == 404 || ((status == 400 || status == 403) && speaks_of_model(body));
  if (unknown) {
    ProbeResult result = verdict(
        ProbeVerdict::kModel,
        fmt::format(
            "It does not know the model {} ({}). Check upstream_model, and that the account "
            "has access; for Azure it is the deployment's name.",
            offer.upstream_model, status),
        status);
    result.missing = {offer.upstream_model};
    return result;
  }
  ProbeResult result = judge_status(status);
  if (result.verdict == ProbeVerdict::kOk && !parse_json(body)) {
    return verdict(
        ProbeVerdict::kAnswer,
        "The model answers, but not in JSON. Check base_url, and that the dialect is the "
        "one it speaks.",
        status);
  }
  if (result.verdict == ProbeVerdict::kOk) result.message = "The model answers.";
  return result;
}

Task<ProbeResult> probe_provider(net::HttpClient& client, const Target& target,
                                 const ProbeOffers& offers) {
  const ProbeRequest request{
      .method = "GET", .path = list_path(*target.provider), .body = std::string()};
  const Answer answer = co_await ask(client, target, request);
  if (answer.status == 0) co_return answer.failed;
  ProbeResult result = judge_models_answer(answer.status, answer.body, *target.provider, offers);
  result.latency = answer.latency;
  co_return result;
}

Task<ProbeResult> probe_model(net::HttpClient& client, const Target& target, const Offer& offer) {
  const ProbeRequest request{.method = "POST",
                             .path = upstream_path(CompletionKind::kChat, *target.provider, offer),
                             .body = ping_body(*target.provider, offer)};
  const Answer answer = co_await ask(client, target, request);
  if (answer.status == 0) co_return answer.failed;
  ProbeResult result = judge_model_answer(answer.status, answer.body, offer);
  result.latency = answer.latency;
  co_return result;
}

}  // namespace tollgate
