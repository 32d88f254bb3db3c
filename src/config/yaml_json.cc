#include "config/yaml_json.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace tollgate::config {

namespace {

constexpr std::int64_t kWholeMax = 1'000'000'000'000'000;

// yaml-cpp's tag of what is in quotation marks.
bool quoted(const YAML::Node& node) { return node.Tag() == "!"; }

std::string inside(const std::string& path, const std::string& member) {
  if (member.empty()) return path;
  return path.empty() ? member : fmt::format("{}.{}", path, member);
}

}  // namespace

YamlJson::YamlJson(const YAML::Node& node, const std::string& path, const YamlSource& source)
    : source_(source), path_(path) {
  value_ = convert(node, "");
}

json::value YamlJson::convert(const YAML::Node& node, const std::string& path) {
  places_.emplace(path, node);
  if (node.IsNull()) return nullptr;
  if (node.IsScalar()) return convert_scalar(node, path);
  if (node.IsMap()) return convert_mapping(node, path);
  json::array list;
  for (std::size_t i = 0; i < node.size(); ++i) {
    list.push_back(convert(node[i], fmt::format("{}[{}]", path, i)));
  }
  return list;
}

json::value YamlJson::convert_scalar(const YAML::Node& node, const std::string& path) {
  auto text = expand_variables(node.Scalar(), source_.environment);
  if (!text) {
    source_.problem(node, inside(path_, path), text.error().message);
    return nullptr;
  }
  if (quoted(node)) return json::value(*text);
  if (*text == "true" || *text == "false") return *text == "true";
  if (const auto number = parse_whole(*text, 0, kWholeMax)) return *number;
  return json::value(*text);
}

json::value YamlJson::convert_mapping(const YAML::Node& node, const std::string& path) {
  // Repeated keys and keys that are no words are its to report.
  const MappingReader reader(node, inside(path_, path), source_);
  json::object object;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) continue;
    const std::string& key = entry.first.Scalar();
    object[key] = convert(entry.second, inside(path, key));
  }
  return object;
}

void YamlJson::report(ObjectReader& reader) const {
  reader.finish_into([this](const std::string& member, const std::string& what) {
    const auto at = places_.find(member);
    const auto whole = places_.find("");
    source_.problem(at != places_.end() ? at->second : whole->second, inside(path_, member), what);
  });
}

}  // namespace tollgate::config
