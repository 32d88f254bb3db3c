#include "config/yaml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace tollgate::config {
namespace {

// A key longer than this, or with other characters, is more likely a value that lost its place,
// perhaps a credential (`{api_key:sk-…}`), and is not repeated.
constexpr std::size_t kEchoedKeyLengthMax = 24;

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_name(std::string_view text) {
  return !text.empty() && is_name_start(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_name_start(c) || (c >= '0' && c <= '9');
  });
}

bool may_echo(std::string_view key) {
  return key.size() <= kEchoedKeyLengthMax && !key.starts_with("sk-") &&
         std::ranges::all_of(key, [](char c) {
           return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

std::string kind_of(const YAML::Node& node) {
  if (node.IsNull()) return "nothing";
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a mapping";
  return "a single value";
}

}  // namespace

Result<std::string> expand_variables(std::string_view text, const EnvironmentLookup& environment) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
    } else if (text[i + 1] == '$') {
      out += '$';
      ++i;
    } else if (text[i + 1] == '{') {
      const std::size_t end = text.find('}', i);
      const std::string_view name =
          end == std::string_view::npos ? "" : text.substr(i + 2, end - i - 2);
      if (!is_name(name)) {
        return fail(ErrorCode::kInvalidRequest,
                    "`${` must be followed by the name of a variable and `}`; write `$$` for a "
                    "dollar sign");
      }
      const auto value = environment(name);
      if (!value) {
        return fail(ErrorCode::kInvalidRequest,
                    fmt::format("the environment variable {} is not set", name));
      }
      out += *value;
      i = end;
    } else {
      out += '$';
    }
  }
  return out;
}

std::optional<std::int64_t> parse_whole(std::string_view text, std::int64_t least,
                                        std::int64_t most) {
  std::int64_t value = 0;
  if (text.empty() || text.front() == '-') return {};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(&text.front(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most) return {};
  return value;
}

Place YamlSource::place(const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  if (mark.is_null()) return {.source = file, .line = 1, .column = 1};
  return {.source = file, .line = mark.line + 1, .column = mark.column + 1};
}

void YamlSource::problem(const YAML::Node& node, std::string_view path,
                         std::string_view message) const {
  problems.add(place(node),
               path.empty() ? std::string(message) : fmt::format("{}: {}", path, message));
}

MappingReader::MappingReader(const YAML::Node& node, std::string path, const YamlSource& source)
    : origin_(node), node_(node), path_(std::move(path)), source_(source) {
  if (node_.IsNull()) {
    node_.reset(YAML::Node(YAML::NodeType::Map));
  } else if (!node_.IsMap()) {
    source_.problem(node_, path_, "must be a mapping (`key: value` lines), not " + kind_of(node_));
    node_.reset(YAML::Node(YAML::NodeType::Map));
  } else {
    report_repeated_keys();
  }
}

void MappingReader::report_repeated_keys() const {
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) {
      source_.problem(entry.first, path_, "a key must be a plain word");
    } else if (!seen.insert(entry.first.Scalar()).second) {
      const std::string& key = entry.first.Scalar();
      source_.problem(entry.first, path_,
                      may_echo(key) ? fmt::format("the key `{}` stands twice", key)
                                    : std::string("this key stands twice"));
    }
  }
}

std::string MappingReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

std::optional<YAML::Node> MappingReader::child(std::string_view key) {
  known_.emplace_back(key);
  for (const auto& entry : node_) {
    if (entry.first.IsScalar() && entry.first.Scalar() == key && !entry.second.IsNull()) {
      return entry.second;
    }
  }
  return {};
}

std::optional<YamlText> MappingReader::scalar(const YAML::Node& node, std::string path) const {
  if (!node.IsScalar()) {
    source_.problem(node, path, "must be a single value, not " + kind_of(node));
    return {};
  }
  auto text = expand_variables(node.Scalar(), source_.environment);
  if (!text) {
    source_.problem(node, path, text.error().message);
    return {};
  }
  return YamlText{.text = std::move(*text), .node = node, .path = std::move(path)};
}

std::optional<YamlText> MappingReader::text(std::string_view key) {
  const auto node = child(key);
  if (!node) return {};
  return scalar(*node, path_of(key));
}

std::optional<YamlText> MappingReader::required_text(std::string_view key, std::string_view why) {
  const auto node = child(key);
  if (node) return scalar(*node, path_of(key));
  const bool blamed = !origin_.IsMap() && !origin_.IsNull();
  if (!blamed) source_.problem(origin_, path_, fmt::format("`{}` is missing: {}", key, why));
  return {};
}

std::optional<std::int64_t> MappingReader::whole(std::string_view key, std::int64_t least,
                                                 std::int64_t most) {
  const auto value = text(key);
  if (!value) return {};
  const auto number = parse_whole(value->text, least, most);
  if (!number) {
    source_.problem(value->node, value->path,
                    fmt::format("must be a whole number from {} to {}", least, most));
  }
  return number;
}

std::vector<std::pair<YAML::Node, std::string>> MappingReader::list(std::string_view key) {
  std::vector<std::pair<YAML::Node, std::string>> out;
  const auto node = child(key);
  if (!node) return out;
  if (!node->IsSequence()) {
    source_.problem(*node, path_of(key), "must be a list (`- …` lines), not " + kind_of(*node));
    return out;
  }
  for (std::size_t i = 0; i < node->size(); ++i) {
    out.emplace_back((*node)[i], fmt::format("{}[{}]", path_of(key), i));
  }
  return out;
}

std::vector<std::pair<std::string, YamlText>> MappingReader::entries() {
  std::vector<std::pair<std::string, YamlText>> out;
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) continue;
    const std::string& key = entry.first.Scalar();
    known_.push_back(key);
    auto value = scalar(entry.second, path_of(may_echo(key) ? key : "…"));
    if (value) out.emplace_back(key, std::move(*value));
  }
  return out;
}

void MappingReader::finish() const {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) continue;
    const std::string& key = entry.first.Scalar();
    if (std::ranges::find(known_, key) != known_.end()) continue;
    if (!may_echo(key)) {
      source_.problem(entry.first, path_,
                      "this key is unknown (is a space missing after its colon?)");
      continue;
    }
    const std::string nearest = nearest_word(key, known);
    source_.problem(
        entry.first, path_,
        nearest.empty()
            ? fmt::format("the key `{}` is unknown; known here: {}", key, fmt::join(known, ", "))
            : fmt::format("the key `{}` is unknown; did you mean `{}`?", key, nearest));
  }
}

}  // namespace tollgate::config
