#include "dialects/response_count.h"

#include <algorithm>
#include <string_view>

namespace tollgate {
namespace {

// A stream that does not number its items is counted as one of them.
constexpr std::int64_t kUnnumbered = -1;

std::int64_t text_bytes_of(JsonNode value) {
  if (!value) return 0;
  JsonCursor cursor(value.raw(), kRequestDepthMax);
  return response_text_bytes(cursor);
}

}  // namespace

std::int64_t ResponseCount::Said::take(std::int64_t pieces, std::int64_t once) {
  const std::int64_t before = std::max(in_pieces, at_once);
  in_pieces += pieces;
  at_once = std::max(at_once, once);
  return std::max(in_pieces, at_once) - before;
}

template <class Key>
std::int64_t ResponseCount::take(std::map<Key, Said>& all, const Key& key, std::int64_t pieces,
                                 std::int64_t once) {
  const bool full = all.size() >= kCountedPartsMax && !all.contains(key);
  return full ? pieces + once : all[key].take(pieces, once);
}

ContentCount ResponseCount::add(const ResponseEvent& event) {
  std::int64_t more = 0;
  const JsonNode item = event.root["item"];
  if (event.ends || event.fails) {
    more = all_.take(0, text_bytes_of(event.response["output"]));
  } else {
    const std::int64_t index = event.root["output_index"].integer().value_or(kUnnumbered);
    more = item.is_object() ? add_item(index, 0, text_bytes_of(item)) : add_part(index, event);
  }
  if (more == 0) return {};
  return {.deltas = 1, .text_bytes = more};
}

std::int64_t ResponseCount::add_item(std::int64_t item, std::int64_t pieces, std::int64_t once) {
  return all_.take(take(items_, item, pieces, once), 0);
}

std::int64_t ResponseCount::add_part(std::int64_t item, const ResponseEvent& event) {
  std::int64_t once = 0;
  if (const JsonNode part = event.root["part"]; part.is_object()) {
    once = text_bytes_of(part);
  } else if (event.type.ends_with(".done")) {
    once = text_bytes_of(event.root);  // as a member of the event itself
  }
  if (event.delta_bytes == 0 && once == 0) return 0;
  PartId id{.item = item, .index = event.root["content_index"].integer().value_or(0)};
  if (const auto summary = event.root["summary_index"].integer()) {
    id = {.item = item, .place = Place::kSummary, .index = *summary};
  }
  return add_item(item, take(parts_, id, event.delta_bytes, once), 0);
}

}  // namespace tollgate
