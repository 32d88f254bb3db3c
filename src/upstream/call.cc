#include "upstream/call.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "dialects/sandbox_units.h"
#include "net/head_writer.h"

namespace tollgate {

namespace {

// Sent on as the client wrote them (SPEC §7). Accept-Encoding is ours: a coded answer could not be
// metered.
constexpr std::array<std::string_view, 7> kSentOn = {
    "Content-Type",   "Accept",      "User-Agent", "anthropic-version",
    "anthropic-beta", "OpenAI-Beta", "traceparent"};

// The version that translated bodies are written to, whatever the client's own is: later ones
// refuse members that these may hold (platform.claude.com/docs/en/api/versioning).
constexpr std::string_view kVersionField = "anthropic-version";
constexpr std::string_view kAnthropicVersion = "2023-06-01";

const Provider& provider_of(const UpstreamRequest& request) {
  return request.targets.snapshot()->provider_of(request.offer);
}

bool sandboxed(const UpstreamRequest& request) {
  return provider_of(request).dialect == Dialect::kSandbox;
}

SandboxScript script_of(const UpstreamRequest& request, const UpstreamBody& encoded) {
  std::optional<std::int64_t> output_limit;
  if (request.limit) output_limit = request.limit->tokens;
  const SandboxCall call{.behaviour = sandbox_behaviour(request.offer.upstream_model),
                         .model = std::string(request.public_model),
                         .id = std::string(request.call_id),
                         .created = request.now_seconds,
                         .output_limit = output_limit};
  if (!is_conversation(request.request.kind)) {
    return make_unit_script(request.request, request.body, call);
  }
  if (speaks(request.request.kind, AnswerDialect::kOpenAi)) {
    return make_sandbox_script(request.request, request.body, call);
  }
  const std::string chat = encoded.text();
  const Result<ChatRequest> read = read_chat_request(chat);
  check(read.has_value(), "a request that was said as a chat is one");
  return make_sandbox_script(*read, chat, call);
}

net::CallDeadlines deadlines_of(const Provider& provider) {
  return {.connect = provider.deadlines.connect,
          .head = provider.deadlines.head,
          .silence = provider.deadlines.silence,
          .total = provider.deadlines.total};
}

bool is_event_stream(std::string_view content_type) {
  constexpr std::string_view kType = "text/event-stream";
  return net::equals_ignoring_case(content_type.substr(0, kType.size()), kType);
}

}  // namespace

Call::Call(net::HttpClient& client, const UpstreamRequest& request, UpstreamBody encoded)
    : request_(request), body_(std::move(encoded)) {
  if (sandboxed(request)) {
    sandbox_ = std::make_unique<SandboxPlayer>(client.thread(), script_of(request, body_),
                                               deadlines_of(provider_of(request)));
    return;
  }
  const Target& target = request.targets.of(provider_of(request));
  net::CallDeadlines deadlines = target.deadlines;
  deadlines.total = std::max(deadlines.total - request.spent, std::chrono::milliseconds(0));
  http_ = std::make_unique<net::ClientCall>(client, target.origin, deadlines);
}

Task<Status> Call::open() {
  if (http_ != nullptr) co_return co_await open_http();
  if (auto opened = co_await sandbox_->open(); !opened) co_return opened;
  const SandboxScript& script = sandbox_->script();
  head_.status = script.status;
  head_.content_type = script.content_type;
  head_.event_stream = is_event_stream(script.content_type);
  for (const auto& [name, value] : script.fields) {
    if (name == "Retry-After") head_.retry_after = value;
  }
  co_return Status{};
}

std::string Call::request_head(const Target& target) const {
  std::string head;
  head.reserve(512);
  net::HeadWriter writer(head);
  std::string path = target.base_path;
  path +=
      upstream_path(request_.request.kind, *target.provider, request_.offer, request_.responses);
  writer.request_line("POST", path);
  writer.field("Host", target.origin.host_header);
  const bool translated = !speaks(request_.request.kind, answer_dialect(target.provider->dialect));
  const auto& own = target.provider->headers;
  // What the operator configured stands alone: some servers join repeated fields.
  const auto configured = [&own](std::string_view name) {
    return std::ranges::any_of(
        own, [name](const auto& field) { return net::equals_ignoring_case(field.first, name); });
  };
  for (const std::string_view name : kSentOn) {
    if ((translated && name == kVersionField) || configured(name)) continue;
    for (const net::Field& field : request_.client_head.fields) {
      if (net::equals_ignoring_case(field.name, name)) writer.field(name, field.value);
    }
  }
  if (request_.client_head.count("Content-Type") == 0 && !configured("Content-Type")) {
    writer.field("Content-Type", "application/json");
  }
  if (target.provider->dialect == Dialect::kAnthropic &&
      (translated || request_.client_head.count(kVersionField) == 0) &&
      !configured(kVersionField)) {
    writer.field(kVersionField, kAnthropicVersion);
  }
  if (!target.credential.empty()) {
    writer.field(target.credential_field, target.credential.expose());
  }
  for (const auto& [name, value] : own) writer.field(name, value);
  writer.field("Accept-Encoding", "identity");
  writer.length(body_.size());
  // Every value was checked where it came in: the client's head by the codec, ours by config.
  if (!writer.finish()) head.clear();
  return head;
}

Task<Status> Call::open_http() {
  std::string head = request_head(request_.targets.of(provider_of(request_)));
  if (head.empty()) {
    co_return fail(ErrorCode::kInternal, "The request could not be sent on.",
                   "a header of the request or of the provider's configuration is malformed");
  }
  const std::vector<std::string_view> pieces = body_.pieces();
  const Status sent = co_await http_->send(head, pieces);
  // The head holds the provider's credential.
  OPENSSL_cleanse(head.data(), head.size());
  if (!sent) co_return sent;
  co_return read_http_head();
}

Status Call::read_http_head() {
  const net::ResponseHead& answer = http_->head();
  head_.status = answer.status;
  head_.content_type = answer.find("Content-Type");
  head_.event_stream = is_event_stream(head_.content_type);
  head_.retry_after = answer.find("Retry-After");
  head_.request_id = answer.find("x-request-id");
  if (head_.request_id.empty()) head_.request_id = answer.find("request-id");
  const std::string_view coding = answer.find("Content-Encoding");
  if (!coding.empty() && coding != "identity") {
    return fail(ErrorCode::kProviderError,
                "The provider's answer was not understood. Try again later.",
                "a coded answer, though identity was asked for");
  }
  return {};
}

Task<Result<std::string_view>> Call::read() {
  return http_ != nullptr ? http_->read() : sandbox_->read();
}

void Call::finish() {
  if (http_ != nullptr) http_->finish();
}

void Call::abort(ErrorCode why) {
  if (http_ != nullptr) {
    http_->abort(why);
  } else {
    sandbox_->abort(why);
  }
}

bool Call::sent() const { return http_ == nullptr || http_->sent(); }

}  // namespace tollgate
