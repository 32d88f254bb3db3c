// The one table of settings that are a single value: what each is called in the file, in the
// environment, and how its text is read. A new setting is one row in scalar_settings.cc.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"
#include "config/settings.h"

namespace tollgate::config {

enum class SettingShape { kOne, kList };

struct ScalarSetting {
  std::string_view name;      // "listen", "limits.head_bytes"
  std::string_view variable;  // "TOLLGATE_LISTEN", "TOLLGATE_LIMITS_HEAD_BYTES"
  // Reads `text` into the settings; the message says what the value must be and never repeats it.
  // A list replaces the earlier one; its items are separated by commas.
  Status (*apply)(Settings& settings, std::string_view text);
  SettingShape shape = SettingShape::kOne;
};

std::span<const ScalarSetting> scalar_settings();

}  // namespace tollgate::config
