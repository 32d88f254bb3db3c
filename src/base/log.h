// The log: one sink on standard error, text or JSON lines. Nothing logged may hold a secret: pass
// Error::detail and ids, never heads, bodies, targets or tokens.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace tollgate {

enum class LogLevel { kTrace, kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

void configure_log(LogLevel level, LogFormat format);
bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view message);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tollgate
