#include "dialects/splice.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "dialects/json_text.h"

namespace tollgate {
namespace {

constexpr std::string_view kIncludeUsage = R"("include_usage":true)";

void force_include_usage(SplicedBody& out, const ChatRequest& request, std::string_view body) {
  if (request.include_usage) return;
  if (!request.stream_options_value) {
    // A comma is always right here: `model` stands in the object too.
    out.replace({request.object_open + 1, 0},
                std::string("\"stream_options\":{").append(kIncludeUsage).append("},"));
    return;
  }
  if (request.include_usage_value) {
    out.replace(*request.include_usage_value, "true");
    return;
  }
  const ByteRange where = *request.stream_options_value;
  const std::string_view value = where.in(body);
  if (!value.starts_with('{')) {  // null
    out.replace(where, std::string("{").append(kIncludeUsage).append("}"));
    return;
  }
  const std::string_view inside = value.substr(1, value.size() - 2);
  const bool empty = std::ranges::all_of(inside, is_json_space);
  out.replace({where.offset + 1, 0}, std::string(kIncludeUsage).append(empty ? "" : ","));
}

// In the place of a null, or before every other member.
void set_output_limit(SplicedBody& out, const ChatRequest& request, const OutputLimit& limit) {
  if (request.output_tokens_max()) return;
  if (request.kind == CompletionKind::kResponses) {
    if (request.max_tokens_value) {
      return out.replace(*request.max_tokens_value, std::to_string(limit.tokens));
    }
    return out.replace({request.object_open + 1, 0},
                       fmt::format("\"max_output_tokens\":{},", limit.tokens));
  }
  const bool completion = limit.field == "max_completion_tokens";
  check(completion || limit.field == "max_tokens", "an output limit in a member that is read");
  const auto& null = completion ? request.max_completion_tokens_value : request.max_tokens_value;
  if (null) {
    out.replace(*null, std::to_string(limit.tokens));
  } else {
    out.replace({request.object_open + 1, 0}, fmt::format("\"{}\":{},", limit.field, limit.tokens));
  }
}

}  // namespace

void SplicedBody::replace(ByteRange range, std::string bytes) {
  size_ += bytes.size();
  size_ -= range.length;
  // An insertion stands before a replacement that begins at the same place.
  const auto before = [](const Edit& a, const Edit& b) {
    return std::pair(a.range.offset, a.range.length) < std::pair(b.range.offset, b.range.length);
  };
  Edit edit{range, std::move(bytes)};
  edits_.insert(std::ranges::upper_bound(edits_, edit, before), std::move(edit));
}

std::vector<std::string_view> SplicedBody::pieces() const {
  std::vector<std::string_view> out;
  out.reserve(edits_.size() * 2 + 1);
  const auto put = [&out](std::string_view piece) {
    if (!piece.empty()) out.push_back(piece);
  };
  std::size_t at = 0;
  for (const Edit& edit : edits_) {
    put(original_.substr(at, edit.range.offset - at));
    put(edit.bytes);
    at = edit.range.end();
  }
  put(original_.substr(at));
  return out;
}

std::string SplicedBody::text() const {
  std::string out;
  out.reserve(size_);
  for (std::string_view piece : pieces()) out.append(piece);
  return out;
}

SplicedBody upstream_body(const ChatRequest& request, std::string_view body,
                          std::string_view upstream_model,
                          const std::optional<OutputLimit>& limit) {
  SplicedBody out(body);
  if (!request.model_given) {
    // A comma is always right: what is to be done stands in the object too.
    out.replace({request.object_open + 1, 0}, "\"model\":" + json_string(upstream_model) + ",");
  } else if (request.model != upstream_model) {
    // In a form it stands as it is.
    const bool form = request.kind == CompletionKind::kTranscription;
    out.replace(request.model_value,
                form ? std::string(upstream_model) : json_string(upstream_model));
  }
  const bool says_usage = is_anthropic(request.kind) ||
                          request.kind == CompletionKind::kResponses ||
                          !is_conversation(request.kind);
  if (request.stream && !says_usage) force_include_usage(out, request, body);
  if (limit) set_output_limit(out, request, *limit);
  if (request.route_member) out.replace(*request.route_member, "");
  return out;
}

std::string with_model(std::string_view answer, const std::optional<ByteRange>& model_value,
                       std::string_view public_model) {
  SplicedBody out(answer);
  std::string model = json_string(public_model);
  if (model_value) {
    out.replace(*model_value, std::move(model));
  } else {
    // A comma is always right: what makes it an answer stands in the object too.
    out.replace({answer.find('{') + 1, 0}, "\"model\":" + model + ",");
  }
  return out.text();
}

}  // namespace tollgate
