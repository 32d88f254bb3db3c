#include "dialects/openai_chunk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "dialects/json_cursor.h"
#include "dialects/json_text.h"
#include "dialects/openai_parts.h"
#include "dialects/unreadable.h"

namespace tollgate {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_json_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_json_space(text.back())) text.remove_suffix(1);
  return text;
}

struct Edit {
  std::size_t offset;
  std::size_t length;
  std::string_view before;  // put in first
  std::string_view bytes;
};

// At most: model, usage.
struct Edits {
  std::array<Edit, 2> list;
  std::size_t count = 0;
  void add(const Edit& edit) { list[count++] = edit; }
};

// Of a chunk of our own: what stands in every chunk of a stream, up to its choices.
template <class Chunk>
void append_opening(std::string& out, const Chunk& chunk) {
  constexpr std::string_view kNone = R"("")";
  fmt::format_to(std::back_inserter(out), R"({{"id":{},"object":"{}","created":{},"model":{},)",
                 chunk.id_json.empty() ? kNone : chunk.id_json,
                 chunk.kind == CompletionKind::kChat ? "chat.completion.chunk" : "text_completion",
                 chunk.created, chunk.model_json.empty() ? kNone : chunk.model_json);
}

bool is_empty_object(std::string_view object) {
  return std::ranges::all_of(object.substr(1, object.size() - 2), is_json_space);
}

}  // namespace

Result<OpenAiChunk> read_openai_chunk(std::string_view payload) {
  OpenAiChunk chunk;
  if (trimmed(payload) == "[DONE]") {
    chunk.done = true;
    return chunk;
  }
  JsonCursor cursor(payload, kRequestDepthMax);
  if (cursor.kind() != JsonKind::kObject)
    return unreadable_stream("not a JSON object: " + cursor.problem());
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("choices")) {
      const Choices choices = read_openai_choices(cursor);
      if (!choices.well_formed) return unreadable_stream("choices is not an array of objects");
      chunk.choices_empty = choices.count == 0;
      chunk.finish_reason = choices.finish_reason;
      chunk.content = choices.content;
    } else if (member.name.is("usage")) {
      if (chunk.usage_value) return unreadable_stream("usage stands twice");
      const std::size_t begin = cursor.offset();
      chunk.usage = read_openai_usage(cursor);
      chunk.usage_value = ByteRange{begin, cursor.value_end() - begin};
      chunk.usage_member = cursor.cut_range(member);
    } else if (member.name.is("model")) {
      if (chunk.model_value) return unreadable_stream("model stands twice");
      chunk.model_value = cursor.skip();
    } else if (member.name.is("id") && cursor.kind() == JsonKind::kString) {
      chunk.id_json = cursor.skip().in(payload);
    } else if (member.name.is("created") && cursor.kind() == JsonKind::kNumber) {
      chunk.created = cursor.integer();
    } else if (member.name.is("error")) {
      chunk.error |= cursor.kind() != JsonKind::kNull;
      cursor.skip();
    } else {
      cursor.skip();
    }
  }
  if (!cursor.finish()) return unreadable_stream(cursor.problem());
  return chunk;
}

void append_client_chunk(std::string& out, std::string_view payload, const OpenAiChunk& chunk,
                         const ChunkEdits& edits) {
  check(!chunk.done && !chunk.error, "only an ordinary chunk is rewritten");
  const std::size_t start = out.size();
  Edits list;
  if (chunk.model_value) {
    list.add({chunk.model_value->offset, chunk.model_value->length, {}, edits.model_json});
  }
  if (chunk.usage_member && edits.usage == UsageWish::kHidden) {
    list.add({chunk.usage_member->offset, chunk.usage_member->length, {}, {}});
  } else if (chunk.usage_value && !edits.usage_extra.empty()) {
    const std::string_view value = chunk.usage_value->in(payload);
    if (value.starts_with('{')) {
      list.add(
          {chunk.usage_value->offset + 1, 0, edits.usage_extra, is_empty_object(value) ? "" : ","});
    }
  }
  if (list.count == 2 && list.list[1].offset < list.list[0].offset) {
    std::swap(list.list[0], list.list[1]);
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < list.count; ++i) {
    const Edit& edit = list.list[i];
    out.append(payload.substr(at, edit.offset - at));
    out.append(edit.before).append(edit.bytes);
    at = edit.offset + edit.length;
  }
  out.append(payload.substr(at));
  if (payload.find_first_of("\n\r") != std::string_view::npos) {
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
        [](char c) { return c == '\n' || c == '\r'; }, ' ');
  }
}

std::vector<std::int64_t> ended_choices(std::string_view payload) {
  std::vector<std::int64_t> ended;
  JsonCursor cursor(payload, kRequestDepthMax);
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (member.name.is("choices")) {
      read_ended_choices(cursor, ended);
    } else {
      cursor.skip();
    }
  }
  return ended;
}

void append_usage_chunk(std::string& out, const UsageChunk& chunk) {
  append_opening(out, chunk);
  out += R"("choices":[],"usage":{)";
  if (!chunk.usage_extra.empty()) out.append(chunk.usage_extra).append(",");
  const TokenUsage& tokens = chunk.tokens;
  fmt::format_to(std::back_inserter(out),
                 R"("prompt_tokens":{},"completion_tokens":{},"total_tokens":{},)"
                 R"("prompt_tokens_details":{{"cached_tokens":{}}},)"
                 R"("completion_tokens_details":{{"reasoning_tokens":{}}}}}}})",
                 tokens.input, tokens.output, tokens.input + tokens.output, tokens.cached_input,
                 tokens.reasoning_output);
}

void append_length_chunk(std::string& out, const LengthChunk& chunk) {
  append_opening(out, chunk);
  std::string_view nothing = R"("text":"")";
  if (chunk.kind == CompletionKind::kChat) {
    nothing = chunk.first ? R"("delta":{"role":"assistant","content":""})" : R"("delta":{})";
  }
  fmt::format_to(std::back_inserter(out),
                 R"("choices":[{{"index":{},{},"logprobs":null,"finish_reason":"length"}}]}})",
                 chunk.index, nothing);
}

}  // namespace tollgate
