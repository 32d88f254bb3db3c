#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "config/catalogue_settings.h"
#include "config/file_check.h"
#include "config/oidc_settings.h"
#include "config/provider_settings.h"
#include "config/scalar_settings.h"
#include "config/url.h"
#include "config/yaml_reader.h"

namespace tollgate::config {
namespace {

constexpr std::string_view kDefaultFile = "tollgate.yaml";

// The settings as they grow, with the place that last told each single value.
struct Loading {
  Settings settings;
  const EnvironmentLookup& environment;
  Problems problems = {};
  std::map<std::string_view, Place> told = {};
};

void apply(const ScalarSetting& setting, std::string_view text, const Place& place,
           std::string_view path, Loading& loading) {
  const Status applied = setting.apply(loading.settings, text);
  if (applied) {
    loading.told[setting.name] = place;
  } else {
    loading.problems.add(place, path.empty()
                                    ? applied.error().message
                                    : fmt::format("{}: {}", path, applied.error().message));
  }
}

// A list may stand as a YAML list or as one text with commas. Each item is tried alone first, so
// that a wrong one is reported where it stands.
void read_list_setting(const ScalarSetting& setting, MappingReader& reader, std::string_view key,
                       Loading& loading) {
  const YAML::Node node = *reader.child(key);
  std::string joined;
  bool sound = true;
  for (const auto& [item, path] : reader.list(key)) {
    const auto text = reader.scalar(item, path);
    Settings scratch;
    const Status applied = text ? setting.apply(scratch, text->text) : Status();
    if (!applied) reader.source().problem(item, path, applied.error().message);
    sound = sound && text && applied;
    if (text) joined += text->text + ",";
  }
  if (sound) apply(setting, joined, reader.source().place(node), reader.path_of(key), loading);
}

void read_setting(const ScalarSetting& setting, MappingReader& reader, std::string_view key,
                  Loading& loading) {
  const auto node = reader.child(key);
  if (!node) return;
  if (setting.shape == SettingShape::kList && node->IsSequence()) {
    read_list_setting(setting, reader, key, loading);
    return;
  }
  const auto value = reader.scalar(*node, reader.path_of(key));
  if (value) apply(setting, value->text, reader.source().place(*node), value->path, loading);
}

// The settings of the table whose names begin with `group` ("" or "limits.").
void read_group(std::string_view group, MappingReader& reader, Loading& loading) {
  for (const ScalarSetting& setting : scalar_settings()) {
    if (!setting.name.starts_with(group)) continue;
    const std::string_view key = setting.name.substr(group.size());
    if (key.find('.') == std::string_view::npos) read_setting(setting, reader, key, loading);
  }
}

void read_document(const YAML::Node& root, Loading& loading) {
  const YamlSource source{.file = loading.settings.file,
                          .environment = loading.environment,
                          .problems = loading.problems};
  MappingReader document(root, "", source);
  read_group("", document, loading);
  for (const std::string group : {"tls", "limits"}) {
    const auto node = document.child(group);
    if (!node) continue;
    MappingReader reader(*node, group, source);
    read_group(group + ".", reader, loading);
    reader.finish();
  }
  read_oidc(document, loading.settings);
  read_providers(document, loading.settings);
  read_model_facts(document, loading.settings);
  read_aliases(document, loading.settings);
  document.finish();
}

void read_text(const std::string& text, Loading& loading) {
  const std::string& file = loading.settings.file;
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      loading.problems.add({.source = file, .line = documents[1].Mark().line + 1, .column = 1},
                           "the file must hold one document (remove the `---`)");
    } else if (!documents.empty()) {
      read_document(documents.front(), loading);
    }
  } catch (const YAML::Exception& exception) {
    // What follows a colon in yaml-cpp's messages is text of the file.
    const std::string message = exception.msg.substr(0, exception.msg.find(':'));
    loading.problems.add({.source = file,
                          .line = std::max(exception.mark.line, 0) + 1,
                          .column = std::max(exception.mark.column, 0) + 1},
                         "this is not valid YAML: " + message);
  }
}

std::optional<std::string> non_empty(const EnvironmentLookup& environment, std::string_view name) {
  auto value = environment(name);
  return value && !value->empty() ? value : std::nullopt;
}

void read_config_file(const CommandLine& overrides, Loading& loading) {
  if (overrides.config) {
    loading.settings.file = *overrides.config;
  } else if (const auto named = non_empty(loading.environment, "TOLLGATE_CONFIG")) {
    loading.settings.file = *named;
  } else {
    std::error_code ignored;
    if (!std::filesystem::exists(kDefaultFile, ignored)) return;
    loading.settings.file = kDefaultFile;
  }
  const auto text = read_file(loading.settings.file, kConfigBytesMax);
  if (text) {
    read_text(*text, loading);
  } else {
    loading.problems.add({.source = loading.settings.file}, text.error().message);
  }
}

void read_variables(Loading& loading) {
  for (const ScalarSetting& setting : scalar_settings()) {
    const auto value = non_empty(loading.environment, setting.variable);
    if (value) apply(setting, *value, {.source = std::string(setting.variable)}, "", loading);
  }
}

void read_overrides(const CommandLine& overrides, Loading& loading) {
  const auto read = [&](std::string_view name, const std::optional<std::string>& value) {
    if (!value) return;
    const auto setting = std::ranges::find(scalar_settings(), name, &ScalarSetting::name);
    apply(*setting, *value, {.source = fmt::format("--{}", name)}, "", loading);
  };
  read("data", overrides.data);
  read("listen", overrides.listen);
}

// The variables that curl and most programs know; the settings of that name come first.
void read_proxy_variables(Loading& loading) {
  const auto first_of = [&](std::string_view setting_name, std::string_view small,
                            std::string_view large) {
    if (loading.told.contains(setting_name)) return;
    const auto setting = std::ranges::find(scalar_settings(), setting_name, &ScalarSetting::name);
    for (const std::string_view name : {small, large}) {
      const auto value = non_empty(loading.environment, name);
      if (!value) continue;
      apply(*setting, *value, {.source = std::string(name)}, "", loading);
      return;
    }
  };
  first_of("https_proxy", "https_proxy", "HTTPS_PROXY");
  first_of("no_proxy", "no_proxy", "NO_PROXY");
}

// Never in the file: who reads the file reads what stands beside it.
void read_master_key(Loading& loading) {
  constexpr std::string_view kName = "TOLLGATE_MASTER_KEY";
  const auto text = non_empty(loading.environment, kName);
  if (!text) return;
  auto key = MasterKey::parse(*text);
  if (!key) return loading.problems.add({.source = std::string(kName)}, key.error().message);
  loading.settings.master_key = std::move(*key);
}

void check_files(Loading& loading) {
  const auto check_one = [&](std::string_view name, const std::string& path) {
    if (path.empty()) return;
    const Status readable = check_readable(path);
    if (!readable) {
      loading.problems.add(loading.told[name],
                           fmt::format("{}: {}", name, readable.error().message));
    }
  };
  const Settings::Tls& tls = loading.settings.tls;
  check_one("tls.certificate", tls.certificate);
  check_one("tls.private_key", tls.private_key);
  check_one("upstream_ca_file", loading.settings.upstream_ca_file);
  if (tls.certificate.empty() == tls.private_key.empty()) return;
  const std::string_view present = tls.certificate.empty() ? "tls.private_key" : "tls.certificate";
  loading.problems.add(loading.told[present], "tls needs both a certificate and a private_key");
}

Loading load(const CommandLine& overrides, const EnvironmentLookup& environment) {
  Loading loading{.settings = {}, .environment = environment};
  loading.settings.threads =
      std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 256);
  read_config_file(overrides, loading);
  read_variables(loading);
  read_overrides(overrides, loading);
  read_proxy_variables(loading);
  read_master_key(loading);
  check_files(loading);
  return loading;
}

}  // namespace
}  // namespace tollgate::config

namespace tollgate {

EnvironmentLookup process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<Settings> load_settings(const CommandLine& overrides, const EnvironmentLookup& environment) {
  config::Loading loading = config::load(overrides, environment);
  if (Status sound = loading.problems.status(); !sound) return std::unexpected(sound.error());
  return std::move(loading.settings);
}

Settings load_sound_settings(const CommandLine& overrides, const EnvironmentLookup& environment) {
  return config::load(overrides, environment).settings;
}

}  // namespace tollgate
