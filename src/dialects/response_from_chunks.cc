#include "dialects/response_from_chunks.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "dialects/json_members.h"
#include "dialects/openai_chunk.h"
#include "dialects/openai_parts.h"
#include "dialects/stop_reasons.h"
#include "dialects/unreadable.h"

namespace tollgate {
namespace {

using Kind = ResponseItem::Kind;

// What an item takes in memory, beside its text.
constexpr std::size_t kItemBytes = 256;

}  // namespace

ResponseFromChunks::ResponseFromChunks(const ResponseTerms& terms) : events_(terms) {}

Result<StreamFacts> ResponseFromChunks::read(std::string_view payload) {
  begin_event();
  return read_next(payload);
}

Result<StreamFacts> ResponseFromChunks::read_next(std::string_view payload) {
  const Result<OpenAiChunk> chunk = read_openai_chunk(payload);
  if (!chunk) return std::unexpected(chunk.error());
  StreamFacts facts{.done = chunk->done,
                    .error = chunk->error,
                    .finish_reason = chunk->finish_reason,
                    .content = chunk->content,
                    .usage = chunk->usage};
  if (facts.done || facts.error) return facts;
  if (!tree_.parse(payload)) return unreadable_stream(tree_.problem());
  if (!tree_.root()["choices"].is_array()) return unreadable_stream("no chunk: it has no choices");
  if (!read_.started) start();
  for (const JsonNode choice : tree_.root()["choices"]) {
    if (choice["index"].integer().value_or(0) != 0) continue;
    if (Status read = read_delta(choice["delta"]); !read) return std::unexpected(read.error());
    const JsonNode reason = choice["finish_reason"];
    if (reason.is_string()) read_.incomplete_reason = incomplete_reason_for(reason.string());
  }
  if (kept_bytes_ > kKeptAnswerMax) return unreadable_stream("an answer too long to be said whole");
  return facts;
}

void ResponseFromChunks::start() {
  read_.started = true;
  const ResponseState state{
      .status = "in_progress", .incomplete_reason = {}, .output_json = {}, .tokens = nullptr};
  events_.append_response(pending_, "created", state);
  events_.append_response(pending_, "in_progress", state);
}

Status ResponseFromChunks::read_delta(JsonNode delta) {
  std::string reasoning = raw_text_of(delta["reasoning_content"]);
  if (reasoning.empty()) reasoning = raw_text_of(delta["reasoning"]);
  add_text(Kind::kReasoning, reasoning);
  read_signature(delta["thinking_blocks"]);
  add_text(Kind::kText, raw_text_of(delta["content"]));
  add_text(Kind::kRefusal, raw_text_of(delta["refusal"]));
  for (const JsonNode call : delta["tool_calls"]) {
    if (Status read = read_call(call); !read) return read;
  }
  return {};
}

void ResponseFromChunks::add_text(Kind kind, std::string_view raw) {
  if (raw.empty()) return;
  if (!read_.open || items_.back().kind != kind) begin({.kind = kind});
  add_to_last(raw);
}

void ResponseFromChunks::add_to_last(std::string_view raw) {
  kept_bytes_ += raw.size();
  items_.back().text += raw;
  events_.append_delta(pending_, items_.back(), items_.size() - 1, raw);
}

// The signature of thinking comes when that has ended.
void ResponseFromChunks::read_signature(JsonNode blocks) {
  for (const JsonNode block : blocks) {
    const std::string_view signature = block["signature"].string().text;
    if (signature.empty()) continue;
    if (!read_.open || items_.back().kind != Kind::kReasoning) begin({.kind = Kind::kReasoning});
    items_.back().signature = signature;
    close("completed");
  }
}

// A call without a place is the one at hand, or, with a name, the next.
Status ResponseFromChunks::read_call(JsonNode call) {
  const JsonNode function = call["function"];
  const bool named = function["name"].is_string() && !function["name"].string().text.empty();
  const bool at_hand = read_.open && items_.back().kind == Kind::kCall;
  const std::int64_t place =
      call["index"].integer().value_or(named || !at_hand ? read_.tool + 1 : read_.tool);
  if (place < read_.tool || (place == read_.tool && !at_hand)) {
    return unreadable_stream("a piece of a tool call that has ended");
  }
  if (place != read_.tool) {
    if (!named) return unreadable_stream("a tool call that begins without a name");
    read_.tool = place;
    const JsonNode id = call["id"];
    const bool has_id = id.is_string() && !id.string().text.empty();
    begin({.kind = Kind::kCall,
           .call_id_json = has_id ? std::string(id.raw()) : fmt::format(R"("call_{}")", place),
           .name_json = std::string(function["name"].raw())});
  }
  const std::string_view arguments = function["arguments"].string().text;
  if (!arguments.empty()) add_to_last(arguments);
  return {};
}

void ResponseFromChunks::begin(ResponseItem item) {
  if (read_.open) close("completed");
  read_.open = true;
  items_.push_back(std::move(item));
  kept_bytes_ += kItemBytes + items_.back().call_id_json.size() + items_.back().name_json.size();
  events_.append_begin(pending_, items_.back(), items_.size() - 1);
}

void ResponseFromChunks::close(std::string_view status) {
  read_.open = false;
  events_.append_end(pending_, items_.back(), items_.size() - 1, status);
}

ResponseFromChunks::Progress ResponseFromChunks::progress() const {
  Progress now = read_;
  now.items = items_.size();
  now.text_bytes = items_.empty() ? 0 : items_.back().text.size();
  now.next_event = events_.next();
  return now;
}

void ResponseFromChunks::append(std::string& out) {
  out += pending_;
  seen_ = progress();
}

// What was read last is not said.
void ResponseFromChunks::return_to(const Progress& seen) {
  items_.resize(seen.items);
  if (!items_.empty()) items_.back().text.resize(seen.text_bytes);
  events_.set_next(seen.next_event);
  read_ = seen;
}

void ResponseFromChunks::append_ending(std::string& out, const StreamEnding& ending) {
  return_to(seen_);
  pending_.clear();
  if (!read_.started) start();
  if (ending.end == StreamEnd::kBounded) read_.incomplete_reason = "max_output_tokens";
  const std::string_view status = read_.incomplete_reason.empty() ? "completed" : "incomplete";
  // An answer that says nothing is an empty message.
  if (items_.empty()) begin({.kind = Kind::kText});
  const bool cut = read_.open;
  if (cut) close(status);
  std::string output;
  JsonElements elements(output);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const bool last = cut && i + 1 == items_.size();
    events_.frame().append_item(elements.next(), items_[i], i, last ? status : "completed");
  }
  events_.append_response(pending_, status,
                          {.status = status,
                           .incomplete_reason = read_.incomplete_reason,
                           .output_json = output,
                           .tokens = &ending.tokens,
                           .cost = ending.cost});
  out += std::exchange(pending_, {});
}

ResponseFromMessages::ResponseFromMessages(const ResponseTerms& terms)
    : chunks_({.public_model = terms.public_model, .created = terms.created}), response_(terms) {}

Result<StreamFacts> ResponseFromMessages::read(std::string_view payload) {
  response_.begin_event();
  const Result<StreamFacts> facts = chunks_.read(payload);
  if (!facts || facts->done || facts->error) return facts;
  between_.clear();
  chunks_.append(between_);
  constexpr std::string_view kData = "data: ";
  constexpr std::string_view kEnd = "\n\n";
  std::string_view left = between_;
  while (!left.empty()) {
    const std::size_t end = left.find(kEnd);
    check(left.starts_with(kData) && end != std::string_view::npos, "chunks are whole events");
    const Result<StreamFacts> said = response_.read_next(left.substr(6, end - 6));
    if (!said) return said;
    left.remove_prefix(end + kEnd.size());
  }
  return facts;
}

void ResponseFromMessages::append(std::string& out) { response_.append(out); }

void ResponseFromMessages::append_ending(std::string& out, const StreamEnding& ending) {
  response_.append_ending(out, ending);
}

}  // namespace tollgate
