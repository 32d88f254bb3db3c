#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"

namespace tollgate {

namespace {

// A line longer than this is cut: a log is read by people and by line-based collectors.
constexpr std::size_t kLogMessageLengthMax = 8'192;

std::atomic<LogLevel> current_level = LogLevel::kInfo;
std::atomic<LogFormat> current_format = LogFormat::kText;

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("tollgate",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);  // the level is decided in log_enabled()
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "trace";
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// One message is one line: control characters, which could forge another, become spaces.
std::string one_line(std::string_view message) {
  std::string line(message);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = ' ';
  }
  return line;
}

}  // namespace

void configure_log(LogLevel level, LogFormat format) {
  current_level = level;
  current_format = format;
}

bool log_enabled(LogLevel level) { return level >= current_level.load(std::memory_order_relaxed); }

void log_line(LogLevel level, std::string_view message) {
  const std::string time = format_time(SystemClock().wall());
  const std::string_view text = utf8_prefix(message, kLogMessageLengthMax);
  std::string line;
  if (current_format.load(std::memory_order_relaxed) == LogFormat::kJson) {
    line = fmt::format(R"({{"time":"{}","level":"{}","message":{}}})", time, level_name(level),
                       json_string(text));
  } else {
    line = fmt::format("{} {:<7} {}", time, level_name(level), one_line(text));
  }
  sink().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace tollgate
