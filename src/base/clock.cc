#include "base/clock.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "base/check.h"

namespace tollgate {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year_month_day;

// Reads a text from left to right; each read fails without moving on.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}

  // Exactly `count` digits.
  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  // One of `choices`.
  std::optional<char> one_of(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) return std::nullopt;
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::sys_days> read_date(TextReader& reader) {
  const auto year = reader.digits(4);
  if (!year || !reader.one_of("-")) return std::nullopt;
  const auto month = reader.digits(2);
  if (!month || !reader.one_of("-")) return std::nullopt;
  const auto day = reader.digits(2);
  if (!day) return std::nullopt;
  const year_month_day date{std::chrono::year(*year),
                            std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// ".5" is 500 ms; digits past the sixth are dropped.
std::optional<microseconds> read_fraction(TextReader& reader) {
  std::int64_t value = 0;
  std::int64_t unit = 1'000'000;
  int count = 0;
  while (const auto digit = reader.digits(1)) {
    if (unit > 1) {
      unit /= 10;
      value += *digit * unit;
    }
    ++count;
  }
  if (count == 0) return std::nullopt;
  return microseconds(value);
}

// hh:mm:ss[.fraction]. A leap second (60) is refused: UTC as computers keep it has none.
std::optional<microseconds> read_time_of_day(TextReader& reader) {
  const auto hour = reader.digits(2);
  if (!hour || *hour > 23 || !reader.one_of(":")) return std::nullopt;
  const auto minute = reader.digits(2);
  if (!minute || *minute > 59 || !reader.one_of(":")) return std::nullopt;
  const auto second = reader.digits(2);
  if (!second || *second > 59) return std::nullopt;
  const microseconds whole = hours(*hour) + minutes(*minute) + seconds(*second);
  if (!reader.one_of(".")) return whole;
  const auto fraction = read_fraction(reader);
  if (!fraction) return std::nullopt;
  return whole + *fraction;
}

std::optional<minutes> read_offset(TextReader& reader) {
  const auto sign = reader.one_of("Zz+-");
  if (!sign) return std::nullopt;
  if (*sign == 'Z' || *sign == 'z') return minutes(0);
  const auto hour = reader.digits(2);
  if (!hour || *hour > 23 || !reader.one_of(":")) return std::nullopt;
  const auto minute = reader.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  const minutes offset = hours(*hour) + minutes(*minute);
  return *sign == '-' ? -offset : offset;
}

std::optional<WallTime> read_timestamp(std::string_view text) {
  TextReader reader(text);
  const auto date = read_date(reader);
  if (!date) return std::nullopt;
  if (reader.at_end()) return WallTime(*date);
  if (!reader.one_of("Tt")) return std::nullopt;
  const auto time = read_time_of_day(reader);
  if (!time) return std::nullopt;
  const auto offset = read_offset(reader);
  if (!offset || !reader.at_end()) return std::nullopt;
  return WallTime(*date) + *time - *offset;
}

std::optional<seconds> unit_of(char letter) {
  switch (letter) {
    case 's':
      return seconds(1);
    case 'm':
      return minutes(1);
    case 'h':
      return hours(1);
    case 'd':
      return days(1);
    case 'w':
      return std::chrono::weeks(1);
    default:
      return std::nullopt;
  }
}

}  // namespace

WallTime SystemClock::wall() const { return floor<microseconds>(std::chrono::system_clock::now()); }

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

ManualClock::ManualClock(WallTime start) : wall_us_(start.time_since_epoch().count()) {}

WallTime ManualClock::wall() const { return WallTime(microseconds(wall_us_.load())); }

SteadyTime ManualClock::steady() const { return SteadyTime(microseconds(steady_us_.load())); }

void ManualClock::advance(microseconds by) {
  check(by >= microseconds(0), "a steady clock never goes back");
  wall_us_ += by.count();
  steady_us_ += by.count();
}

void ManualClock::step_wall(microseconds by) { wall_us_ += by.count(); }

std::string format_time(WallTime time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<WallTime> parse_time(std::string_view text) {
  // The first and last instants whose UTC form has a four-digit year.
  constexpr auto kFirst = WallTime(std::chrono::sys_days(
      year_month_day(std::chrono::year(0), std::chrono::January, std::chrono::day(1))));
  constexpr auto kEnd = WallTime(std::chrono::sys_days(
      year_month_day(std::chrono::year(10'000), std::chrono::January, std::chrono::day(1))));
  const auto time = read_timestamp(text);
  if (!time || *time < kFirst || *time >= kEnd) {
    return fail(ErrorCode::kInvalidRequest,
                "Give the time as RFC 3339, such as 2027-01-31T12:00:00Z, or as a date.");
  }
  return *time;
}

Result<seconds> parse_duration(std::string_view text) {
  const auto refuse = [] {
    return fail(ErrorCode::kInvalidRequest,
                "Give the duration as a positive whole number and a unit (s, m, h, d or w), such "
                "as 90s or 30d, of at most 36500d.");
  };
  if (text.size() < 2 || text.size() > 12) return refuse();
  const auto unit = unit_of(text.back());
  if (!unit) return refuse();
  std::int64_t count = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return refuse();
    count = count * 10 + (c - '0');
  }
  if (count == 0 || count > kDurationMax / *unit) return refuse();
  return count * *unit;
}

}  // namespace tollgate
