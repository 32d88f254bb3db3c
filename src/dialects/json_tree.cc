#include "dialects/json_tree.h"

#include <fmt/format.h>

#include <charconv>

namespace tollgate {
namespace {

// A number as JsonCursor::integer() takes it.
std::optional<std::int64_t> whole_number(std::string_view token) {
  constexpr std::size_t kDigitsMax = 18;
  const std::size_t digits = token.size() - (token.starts_with('-') ? 1 : 0);
  if (token.empty() || digits > kDigitsMax) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return value;
}

}  // namespace

bool JsonTree::parse(std::string_view text) {
  text_ = text;
  nodes_.clear();
  overfull_ = false;
  problem_.clear();
  JsonCursor cursor(text, kTranslationDepthMax);
  if (!cursor.failed()) read_value(cursor);
  if (overfull_) {
    problem_ = fmt::format("it holds more than {} values", kJsonTreeValuesMax);
  } else if (!cursor.finish()) {
    problem_ = cursor.problem();
  }
  if (problem_.empty()) return true;
  nodes_.clear();
  return false;
}

// Recursion is bounded by the cursor's depth. Values beyond the bound are passed over.
std::uint32_t JsonTree::read_value(JsonCursor& cursor) {
  if (nodes_.size() >= kJsonTreeValuesMax) {
    overfull_ = true;
    cursor.skip();
    return 0;
  }
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  const JsonKind kind = cursor.kind();
  Value value{.begin = static_cast<std::uint32_t>(cursor.offset()), .kind = kind};
  nodes_.push_back(value);
  if (kind == JsonKind::kObject || kind == JsonKind::kArray) {
    read_children(cursor, index);
  } else if (kind == JsonKind::kString) {
    nodes_[index].escaped = cursor.string().escaped;
  } else {
    cursor.skip();
  }
  nodes_[index].end = static_cast<std::uint32_t>(cursor.value_end());
  return index;
}

void JsonTree::read_children(JsonCursor& cursor, std::uint32_t parent) {
  std::uint32_t last = 0;
  const auto link = [&](std::uint32_t child) {
    if (child == 0) return;
    (last == 0 ? nodes_[parent].first_child : nodes_[last].next) = child;
    last = child;
  };
  if (nodes_[parent].kind == JsonKind::kArray) {
    for (cursor.open_array(); cursor.next_element();) link(read_value(cursor));
    return;
  }
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    const RawString name = member.name;
    const std::uint32_t child = read_value(cursor);
    link(child);
    if (child == 0) continue;
    const auto begin = static_cast<std::uint32_t>(name.text.data() - text_.data());
    nodes_[child].name_begin = begin;
    nodes_[child].name_end = begin + static_cast<std::uint32_t>(name.text.size());
    nodes_[child].name_escaped = name.escaped;
  }
}

JsonKind JsonNode::kind() const {
  return tree_ == nullptr ? JsonKind::kInvalid : tree_->nodes_[index_].kind;
}

std::string_view JsonNode::raw() const {
  if (tree_ == nullptr) return {};
  const JsonTree::Value& value = tree_->nodes_[index_];
  return tree_->text_.substr(value.begin, value.end - value.begin);
}

RawString JsonNode::string() const {
  if (!is_string()) return {};
  const JsonTree::Value& value = tree_->nodes_[index_];
  return {.text = tree_->text_.substr(value.begin + 1, value.end - value.begin - 2),
          .escaped = value.escaped};
}

std::optional<std::int64_t> JsonNode::integer() const {
  if (kind() != JsonKind::kNumber) return std::nullopt;
  return whole_number(raw());
}

RawString JsonNode::name() const {
  if (tree_ == nullptr) return {};
  const JsonTree::Value& value = tree_->nodes_[index_];
  return {.text = tree_->text_.substr(value.name_begin, value.name_end - value.name_begin),
          .escaped = value.name_escaped};
}

JsonNode JsonNode::operator[](std::string_view name) const {
  JsonNode found;
  if (!is_object()) return found;
  for (const JsonNode member : *this) {
    if (member.name().is(name)) found = member;
  }
  return found;
}

JsonNode::Iterator JsonNode::begin() const {
  if (tree_ == nullptr) return {};
  const std::uint32_t first = tree_->nodes_[index_].first_child;
  return first == 0 ? Iterator() : Iterator(JsonNode(tree_, first));
}

JsonNode::Iterator JsonNode::end() const { return {}; }

bool JsonNode::empty() const { return begin() == end(); }

JsonNode::Iterator& JsonNode::Iterator::operator++() {
  const std::uint32_t next = node_.tree_->nodes_[node_.index_].next;
  node_ = next == 0 ? JsonNode() : JsonNode(node_.tree_, next);
  return *this;
}

}  // namespace tollgate
