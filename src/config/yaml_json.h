// A YAML node as JSON, so that what the file says is read by the same readers as what the API is
// sent (domain/*_json.h), and where each value stood, so that what they find wrong is said with
// line and column. Only config/ uses it.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "config/yaml_reader.h"

namespace tollgate::config {

class YamlJson {
 public:
  // `${NAME}` is filled in; what cannot be goes to the source's problems. A plain scalar that reads
  // as true, false or a whole number is one, any other, and what is quoted, a string.
  YamlJson(const YAML::Node& node, const std::string& path, const YamlSource& source);

  const json::value& value() const { return value_; }
  // Puts the problems of a reader of value() to the source, each where its member stands.
  void report(ObjectReader& reader) const;

 private:
  json::value convert(const YAML::Node& node, const std::string& path);
  json::value convert_scalar(const YAML::Node& node, const std::string& path);
  json::value convert_mapping(const YAML::Node& node, const std::string& path);

  const YamlSource& source_;
  std::string path_;
  std::map<std::string, YAML::Node> places_;  // by path, as readers name it
  json::value value_;
};

}  // namespace tollgate::config
