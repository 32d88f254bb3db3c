// For config's tests: a directory of their own, a file in it, and an environment that is a map.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "config/load.h"

namespace tollgate {

class ConfigFixture : public ::testing::Test {
 protected:
  ConfigFixture() {
    std::string pattern = ::testing::TempDir() + "config_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~ConfigFixture() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  EnvironmentLookup environment() const {
    return [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables_.find(std::string(name));
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
  }

  Result<Settings> load(const std::string& yaml) const {
    return load_settings({.config = write("t.yaml", yaml)}, environment());
  }

  // The problems of a file that must not load, with the directory cut off: "t.yaml:1:9: …".
  std::string problems(const std::string& yaml) const {
    const auto settings = load(yaml);
    if (settings) return "(no problem)";
    std::string text = settings.error().message;
    const std::string prefix = directory_ + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
      text.erase(at, prefix.size());
    }
    return text;
  }

  std::string directory_;
  std::map<std::string, std::string> variables_;
};

}  // namespace tollgate
