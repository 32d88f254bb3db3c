#include "dialects/response_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/json.h"
#include "dialects/json_members.h"
#include "dialects/json_text.h"
#include "dialects/message_events.h"
#include "dialects/response_object.h"
#include "dialects/splice.h"

namespace tollgate {
namespace {

// The deltas that make up the text of an item's open part, or a call's arguments.
constexpr std::array<std::string_view, 5> kTextDeltas = {
    "response.output_text.delta", "response.refusal.delta", "response.reasoning_text.delta",
    "response.function_call_arguments.delta", "response.custom_tool_call_input.delta"};

ByteRange place_of(JsonNode node, std::string_view text) {
  return {static_cast<std::size_t>(node.raw().data() - text.data()), node.raw().size()};
}

// Puts `value` in the place of a member of `object`, or in front of all others.
void set_member(SplicedBody& out, std::string_view text, JsonNode object, std::string_view name,
                std::string_view value) {
  const JsonNode member = object[name];
  if (member) return out.replace(place_of(member, text), std::string(value));
  const bool empty = object.empty();
  out.replace({place_of(object, text).offset + 1, 0},
              fmt::format(R"("{}":{}{})", name, value, empty ? "" : ","));
}

std::string on_one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

// An item's own member, or what stands there otherwise.
std::string_view or_else(JsonNode value, std::string_view otherwise) {
  return value ? value.raw() : otherwise;
}

// Of the parts that hold text; empty for another.
std::string_view known_part(JsonNode type) {
  for (const std::string_view known : {"output_text", "refusal", "reasoning_text"}) {
    if (type.is(known)) return known;
  }
  return {};
}

// Whether the event ends what such deltas make up.
bool ends_text(const ResponseEvent& event) {
  constexpr std::string_view kEnd = "done";
  if (!event.type.ends_with(kEnd)) return false;
  const std::string delta = event.type.substr(0, event.type.size() - kEnd.size()) + "delta";
  return std::ranges::find(kTextDeltas, delta) != kTextDeltas.end();
}

// The text that such an event says, raw.
std::string_view whole_text(const ResponseEvent& event) {
  for (const std::string_view name : {"text", "refusal", "arguments", "input"}) {
    if (const JsonNode text = event.root[name]) return text.string().text;
  }
  return {};
}

std::string part_json(std::string_view type, std::string_view raw) {
  const std::string_view member = type == "refusal" ? "refusal" : "text";
  const std::string_view more = type == "output_text" ? R"(,"annotations":[],"logprobs":[])" : "";
  return fmt::format(R"({{"type":"{}","{}":"{}"{}}})", type, member, raw, more);
}

}  // namespace

ResponseStream::ResponseStream(std::string_view public_model)
    : model_json_(json_string(public_model)) {}

Result<StreamFacts> ResponseStream::read(std::string_view payload) {
  payload_ = payload;
  if (payload == "[DONE]") {
    event_ = {};
    return StreamFacts{.content = {}, .usage = {}};
  }
  Result<ResponseEvent> event = read_response_event(payload, tree_);
  if (!event) return std::unexpected(std::move(event.error()));
  event_ = std::move(*event);
  if (event_.ends) held_ = payload;
  return StreamFacts{.done = event_.ends,
                     .error = event_.fails,
                     .finish_reason = event_.ends,
                     .content = count_.add(event_),
                     .usage = event_.usage};
}

void ResponseStream::append(std::string& out) {
  if (event_.type.empty() || event_.ends) return;
  next_number_ = event_.number.value_or(next_number_) + 1;
  if (event_.response && response_json_.empty()) {
    keep(response_json_, on_one_line(std::string(event_.response.raw())));
  }
  note_item(event_);
  relay(out, payload_);
}

// With what we know better: the model's name, and, in the last event, the cost.
void ResponseStream::relay(std::string& out, std::string_view payload,
                           std::string_view cost) const {
  JsonTree tree;
  SplicedBody edited(payload);
  std::string type = event_.type;
  if (!event_.response && cost.empty()) {
    return append_relayed_event(out, type, payload);
  }
  if (!tree.parse(payload)) return;
  type = tree.root()["type"].string().text;
  const JsonNode response = tree.root()["response"];
  if (response["model"]) edited.replace(place_of(response["model"], payload), model_json_);
  const JsonNode usage = response["usage"];
  if (!cost.empty() && usage.is_object()) {
    edited.replace({place_of(usage, payload).offset + 1, 0},
                   fmt::format(R"("cost":{}{})", json_string(cost), usage.empty() ? "" : ","));
  }
  append_relayed_event(out, type, edited.text());
}

ResponseStream::Item* ResponseStream::item_of(const ResponseEvent& event) {
  const auto index = event.root["output_index"].integer();
  if (!index) return nullptr;
  const auto found = std::ranges::find(items_, *index, &Item::index);
  return found == items_.end() ? nullptr : &*found;
}

void ResponseStream::keep(std::string& what, std::string_view more) {
  if (kept_bytes_ + more.size() > kKeptOutputMax) return;
  kept_bytes_ += more.size();
  what += more;
}

void ResponseStream::note_item(const ResponseEvent& event) {
  if (event.type == "response.output_item.added") {
    const auto index = event.root["output_index"].integer();
    if (!index || !event.root["item"].is_object() || item_of(event) != nullptr) return;
    if (items_.size() >= kKeptItemsMax) return;
    items_.push_back({.index = *index});
    keep(items_.back().begun_json, on_one_line(std::string(event.root["item"].raw())));
    return;
  }
  Item* const item = item_of(event);
  if (item == nullptr || !item->open) return;
  if (event.type == "response.output_item.done") {
    item->open = false;
    keep(item->done_json, on_one_line(std::string(event.root["item"].raw())));
  } else if (event.type == "response.content_part.added") {
    item->part_type = known_part(event.root["part"]["type"]);
    item->part = event.root["content_index"].integer().value_or(0);
    item->text.clear();
    item->text_ended = false;
  } else if (event.type == "response.content_part.done") {
    keep(item->parts_json, item->parts_json.empty() ? "" : ",");
    keep(item->parts_json, on_one_line(std::string(event.root["part"].raw())));
    item->part_type = {};
  } else if (std::ranges::find(kTextDeltas, event.type) != kTextDeltas.end()) {
    keep(item->text, event.root["delta"].string().text);
  } else if (ends_text(event)) {
    item->text_ended = true;
    if (item->text.empty()) keep(item->text, whole_text(event));
  }
}

void ResponseStream::append_event(std::string& out, std::string_view type,
                                  std::string_view members_json) {
  append_relayed_event(out, type,
                       fmt::format(R"({{"type":"{}","sequence_number":{},{}}})", type,
                                   next_number_++, members_json));
}

// As its own events would have ended it.
void ResponseStream::append_item_end(std::string& out, Item& item) {
  JsonTree tree;
  if (!tree.parse(item.begun_json)) return;
  const JsonNode begun = tree.root();
  const std::string where =
      fmt::format(R"("item_id":{},"output_index":{})", or_else(begun["id"], R"("")"), item.index);
  SplicedBody done(item.begun_json);
  if (begun["status"]) set_member(done, item.begun_json, begun, "status", R"("incomplete")");
  if (!item.part_type.empty()) {
    const std::string part = part_json(item.part_type, item.text);
    const bool refusal = item.part_type == "refusal";
    if (!item.text_ended) {
      append_event(out, fmt::format("response.{}.done", item.part_type),
                   fmt::format(R"({},"content_index":{},"{}":"{}"{})", where, item.part,
                               refusal ? "refusal" : "text", item.text,
                               item.part_type == "output_text" ? R"(,"logprobs":[])" : ""));
    }
    append_event(out, "response.content_part.done",
                 fmt::format(R"({},"content_index":{},"part":{})", where, item.part, part));
    item.parts_json += (item.parts_json.empty() ? "" : ",") + part;
  }
  if (begun["type"].is("function_call")) {
    if (!item.text_ended) {
      append_event(out, "response.function_call_arguments.done",
                   fmt::format(R"({},"name":{},"arguments":"{}")", where,
                               or_else(begun["name"], R"("")"), item.text));
    }
    set_member(done, item.begun_json, begun, "arguments", "\"" + item.text + "\"");
  } else if (begun["type"].is("custom_tool_call")) {
    set_member(done, item.begun_json, begun, "input", "\"" + item.text + "\"");
  } else if (!item.parts_json.empty()) {
    set_member(done, item.begun_json, begun, "content", "[" + item.parts_json + "]");
  }
  item.done_json = done.text();
  append_event(out, "response.output_item.done",
               fmt::format(R"("output_index":{},"item":{})", item.index, item.done_json));
}

std::string ResponseStream::output_json() const {
  std::string out = "[";
  JsonElements elements(out);
  for (const Item& item : items_) {
    if (!item.done_json.empty()) elements.next() += item.done_json;
  }
  return out + "]";
}

void ResponseStream::append_bounded(std::string& out, const StreamEnding& ending) {
  for (Item& item : items_) {
    if (item.open) append_item_end(out, item);
  }
  if (response_json_.empty()) response_json_ = R"({"object":"response"})";
  JsonTree tree;
  if (!tree.parse(response_json_)) return;
  std::string usage;
  append_response_usage(usage, ending.tokens, ending.cost);
  SplicedBody response(response_json_);
  const auto set = [&](std::string_view name, std::string_view value) {
    set_member(response, response_json_, tree.root(), name, value);
  };
  set("status", R"("incomplete")");
  set("incomplete_details", R"({"reason":"max_output_tokens"})");
  set("model", model_json_);
  set("output", output_json());
  set("usage", usage);
  append_event(out, "response.incomplete", fmt::format(R"("response":{})", response.text()));
}

void ResponseStream::append_ending(std::string& out, const StreamEnding& ending) {
  if (ending.end == StreamEnd::kBounded || held_.empty()) return append_bounded(out, ending);
  relay(out, held_, ending.cost);
}

}  // namespace tollgate
