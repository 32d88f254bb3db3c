// Reads a YAML mapping key by key: every value with its place, `${NAME}` filled in, unknown and
// repeated keys reported. Problems are collected, never thrown. Only config/ uses it.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "config/load.h"
#include "config/problems.h"

namespace tollgate::config {

// `${NAME}` → the variable's value, `$$` → `$`; any other `$` stands for itself. Fails with a
// message that names the variable that is not set, or for a `${` without its end.
Result<std::string> expand_variables(std::string_view text, const EnvironmentLookup& environment);

// The file being read, shared by all readers of it. All references outlive the readers.
struct YamlSource {
  const std::string& file;
  const EnvironmentLookup& environment;
  Problems& problems;

  Place place(const YAML::Node& node) const;
  void problem(const YAML::Node& node, std::string_view path, std::string_view message) const;
};

// A scalar of the file, as text: never through a number, so "0.1" stays exact.
struct YamlText {
  std::string text;
  YAML::Node node;
  std::string path;  // e.g. "providers[0].api_key"
};

class MappingReader {
 public:
  // `path` names the mapping in messages ("" for the document). A node that is no mapping is a
  // problem, reads as empty, and is not blamed again for what it lacks.
  MappingReader(const YAML::Node& node, std::string path, const YamlSource& source);

  const std::string& path() const { return path_; }
  const YAML::Node& node() const { return origin_; }
  const YamlSource& source() const { return source_; }

  // nullopt when absent or null; a list or mapping there is a problem, too.
  std::optional<YamlText> text(std::string_view key);
  // Like text(), but its absence is a problem.
  std::optional<YamlText> required_text(std::string_view key, std::string_view why);
  // A whole number from `least` to `most`.
  std::optional<std::int64_t> whole(std::string_view key, std::int64_t least, std::int64_t most);
  // The value as it stands (null counts as absent), for lists and mappings.
  std::optional<YAML::Node> child(std::string_view key);
  // The elements of a list, each with its path; no list is a problem.
  std::vector<std::pair<YAML::Node, std::string>> list(std::string_view key);
  // All keys and values, for a mapping whose keys are free (headers).
  std::vector<std::pair<std::string, YamlText>> entries();

  // The text of one node, variables filled in; a problem if it is no scalar.
  std::optional<YamlText> scalar(const YAML::Node& node, std::string path) const;
  std::string path_of(std::string_view key) const;
  // Reports every key that nobody asked for, with the nearest that exists.
  void finish() const;

 private:
  void report_repeated_keys() const;

  YAML::Node origin_;  // as given, for its place
  YAML::Node node_;    // origin_, or an empty mapping instead of what is none
  std::string path_;
  const YamlSource& source_;
  std::vector<std::string> known_;
};

// A whole number without sign, blank or separator; nullopt if it is none or out of bounds.
std::optional<std::int64_t> parse_whole(std::string_view text, std::int64_t least,
                                        std::int64_t most);

}  // namespace tollgate::config
