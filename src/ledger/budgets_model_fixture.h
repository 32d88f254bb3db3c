// The reference model of the budgets: every request that was ever admitted, in one list, and sums
// over it. It keeps no counter, so it can only be slow, not out of step.
//
// Written from SPEC §5 and §4, not from ledger/budgets.h: the simulation holds each against the
// other (budgets_simulation_test.cc).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ledger/admission.h"

namespace tollgate {

class BudgetsModel {
 public:
  using Sum = std::int64_t;

  struct Level {
    std::string owner = {};
    WallTime created = {};
    Enforcement enforcement = Enforcement::kHard;
    std::vector<NumberedLimit> limits = {};
  };
  struct Workspace {
    Level level = {};
    std::chrono::microseconds test_clock{0};
    bool prepaid = false;
    Sum granted = 0;
  };
  struct Key {
    Level level = {};
    std::size_t workspace = 0;
    Environment environment = Environment::kProduction;
  };
  enum class State { kWaiting, kOpen, kDone, kGone };
  struct Request {
    std::size_t key = 0;
    State state = State::kWaiting;
    Ask ask = {};
    Actual actual = {};
    Moment admitted = {};  // by the clock of its environment
    SteadyTime asked = {};
  };
  // Whose requests count in a level.
  struct LevelOf {
    const Level* level = nullptr;
    std::size_t workspace = 0;
    Environment environment = Environment::kProduction;
    std::optional<std::size_t> key = {};
  };
  // In the order of SPEC §4: what a request meets at one limit.
  enum class Fit { kFits, kHeld, kSpent, kAbove };
  struct Use {
    Sum settled = 0;
    Sum held = 0;
  };

  std::vector<Workspace> workspaces;
  std::vector<Key> keys;
  std::vector<Request> requests;
  Moment now = {};  // real

  Moment local(std::size_t key) const { return local(keys[key].workspace, keys[key].environment); }
  Moment local(std::size_t workspace, Environment environment) const {
    if (environment == Environment::kProduction) return now;
    return {.wall = now.wall + workspaces[workspace].test_clock, .steady = now.steady};
  }
  bool prepaid(std::size_t key) const {
    return keys[key].environment == Environment::kProduction &&
           workspaces[keys[key].workspace].prepaid;
  }
  LevelOf own_level(std::size_t key) const {
    const Key& found = keys[key];
    return {&found.level, found.workspace, found.environment, key};
  }
  LevelOf workspace_level(std::size_t workspace, Environment environment) const {
    return {&workspaces[workspace].level, workspace, environment, std::nullopt};
  }
  std::vector<LevelOf> levels(std::size_t key) const {
    return {own_level(key), workspace_level(keys[key].workspace, keys[key].environment)};
  }
  bool counts_in(const Request& request, const LevelOf& level) const {
    const Key& key = keys[request.key];
    return level.key ? request.key == *level.key
                     : key.workspace == level.workspace && key.environment == level.environment;
  }

  // --- sums ---

  static std::optional<Sum> asked(const Limit& limit, const Ask& ask) {
    if (limit.metric == Metric::kCost) return ask.cost;
    if (limit.metric != Metric::kTokens) return 1;
    return limit.window.kind == WindowKind::kRolling60s ? ask.token_rate : ask.tokens;
  }
  static Sum actual(const Limit& limit, const Actual& actual) {
    if (limit.metric == Metric::kCost) return actual.cost;
    return limit.metric == Metric::kTokens ? actual.tokens : 1;
  }
  static bool holds(const Level& level, const Limit& limit) {
    return level.enforcement == Enforcement::kHard || limit.metric == Metric::kConcurrency;
  }
  static bool guards(const Level& level, const Limit& limit) {
    return level.enforcement == Enforcement::kHard &&
           (limit.metric == Metric::kCost || limit.metric == Metric::kTokens);
  }
  static std::int64_t second_of(SteadyTime at) {
    return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
  }
  // Whether what was admitted at `then` counts in the window of `at`.
  static bool same_window(const Level& level, const Limit& limit, const Moment& then,
                          const Moment& at) {
    if (limit.window.kind == WindowKind::kRolling60s) {
      const std::int64_t age = second_of(at.steady) - second_of(then.steady);
      return age >= 0 && age <= 60;
    }
    return has_periods(limit.window) && period_of(limit.window, then.wall, level.created) ==
                                            period_of(limit.window, at.wall, level.created);
  }
  // `known_since`: of a rolling window, what was settled 60 s before it is left out.
  Use use(const LevelOf& level, const Limit& limit, const Moment& at,
          const Request* but_for = nullptr, SteadyTime known_since = SteadyTime::min()) const {
    const bool rolling = limit.window.kind == WindowKind::kRolling60s;
    Use use;
    for (const Request& request : requests) {
      if (&request == but_for || !counts_in(request, level)) continue;
      const bool open = request.state == State::kOpen;
      if (limit.metric == Metric::kConcurrency) {
        use.held += open ? 1 : 0;
        continue;
      }
      if (!open && request.state != State::kDone) continue;
      if (!same_window(*level.level, limit, request.admitted, at)) continue;
      const SteadyTime admitted = request.admitted.steady;
      if (!open && rolling && second_of(admitted) < second_of(known_since) - 60) continue;
      if (!open) {
        use.settled += actual(limit, request.actual);
      } else if (holds(*level.level, limit)) {
        use.held += asked(limit, request.ask).value_or(0);
      }
    }
    return use;
  }
  Use balance_use(std::size_t workspace, const Request* but_for = nullptr) const {
    Use use;
    for (const Request& request : requests) {
      const Key& key = keys[request.key];
      if (&request == but_for || key.workspace != workspace) continue;
      if (key.environment != Environment::kProduction) continue;
      if (request.state == State::kDone) use.settled += request.actual.charged;
      if (request.state == State::kOpen) use.held += request.ask.cost.value_or(0);
    }
    if (!workspaces[workspace].prepaid) use.held = 0;
    return use;
  }

  // --- the judgement ---

  static Fit fit(const Level& level, const Limit& limit, const Use& use, Sum bound) {
    if (!holds(level, limit)) return use.settled >= limit.amount ? Fit::kSpent : Fit::kFits;
    if (bound > limit.amount) return Fit::kAbove;
    if (use.settled + use.held + bound <= limit.amount) return Fit::kFits;
    if (!guards(level, limit) || use.settled + bound > limit.amount) return Fit::kSpent;
    return Fit::kHeld;
  }
  Fit balance_fit(std::size_t workspace, const Use& use, Sum bound) const {
    const Sum left = workspaces[workspace].granted - use.settled - bound;
    if (left < 0) return Fit::kSpent;
    return left < use.held ? Fit::kHeld : Fit::kFits;
  }
  bool bound_missing(std::size_t key, const Ask& ask) const {
    for (const LevelOf& level : levels(key)) {
      for (const NumberedLimit& limit : level.level->limits) {
        if (guards(*level.level, limit.limit) && !asked(limit.limit, ask)) return true;
      }
    }
    return prepaid(key) && !ask.cost;
  }

  // One limit's word, or (number 0) the balance's.
  struct Word {
    std::int64_t number = 0;
    Fit fit = Fit::kFits;
    LevelOf level = {};
    Limit limit = {};
    std::optional<WallTime> resets_at = {};
  };
  // What everything that objects says to a request now. REQUIRES: !bound_missing()
  std::vector<Word> objections(std::size_t key, const Ask& ask) const {
    std::vector<Word> words;
    for (const LevelOf& level : levels(key)) {
      for (const NumberedLimit& limit : level.level->limits) {
        const Word word = word_of(level, limit, asked(limit.limit, ask).value_or(0), local(key));
        if (word.fit != Fit::kFits) words.push_back(word);
      }
    }
    if (!prepaid(key)) return words;
    const std::size_t workspace = keys[key].workspace;
    const Fit fit = balance_fit(workspace, balance_use(workspace), *ask.cost);
    if (fit != Fit::kFits) words.push_back({.fit = fit});
    return words;
  }
  Word word_of(const LevelOf& level, const NumberedLimit& limit, Sum bound,
               const Moment& at) const {
    const Use used = use(level, limit.limit, at);
    const Fit fit = BudgetsModel::fit(*level.level, limit.limit, used, bound);
    Word word{.number = limit.number, .fit = fit, .level = level, .limit = limit.limit};
    if (fit == Fit::kFits) return word;
    const bool soft = !holds(*level.level, limit.limit);
    word.resets_at = resets_at(level, limit.limit, soft ? 1 : bound, at);
    return word;
  }
  // What another attempt, which asks `ask` now, meets in the windows of its admission.
  // `known_since`: when the limits were last put in; of what was settled in a rolling window 60 s
  // before that, nothing need be known.
  std::vector<Word> growth_objections(const Request& request, const Ask& ask,
                                      SteadyTime known_since) const {
    std::vector<Word> words;
    for (const LevelOf& level : levels(request.key)) {
      for (const NumberedLimit& numbered : level.level->limits) {
        const Limit& limit = numbered.limit;
        const Sum after = asked(limit, ask).value_or(0);
        if (!guards(*level.level, limit)) continue;
        if (after <= asked(limit, request.ask).value_or(0)) continue;
        const Use beside = fullest(level, limit, request, known_since);
        const Fit fit = BudgetsModel::fit(*level.level, limit, beside, after);
        if (fit == Fit::kFits) continue;
        words.push_back({.number = numbered.number,
                         .fit = fit,
                         .level = level,
                         .limit = limit,
                         .resets_at = resets_at(level, limit, after, local(request.key))});
      }
    }
    if (!prepaid(request.key) || *ask.cost <= request.ask.cost.value_or(0)) return words;
    const std::size_t workspace = keys[request.key].workspace;
    const Fit fit = balance_fit(workspace, balance_use(workspace, &request), *ask.cost);
    if (fit != Fit::kFits) words.push_back({.fit = fit});
    return words;
  }
  // The most that all others settled, and settled and hold, in any window up to now that contains
  // the request's admission.
  Use fullest(const LevelOf& level, const Limit& limit, const Request& request,
              SteadyTime known_since) const {
    if (limit.window.kind != WindowKind::kRolling60s) {
      return use(level, limit, request.admitted, &request);
    }
    const std::int64_t first = second_of(request.admitted.steady);
    const std::int64_t last = std::min(first + 60, second_of(now.steady));
    Use most;
    for (std::int64_t second = first; second <= last; ++second) {
      const Moment end{.wall = {}, .steady = SteadyTime(std::chrono::seconds(second))};
      const Use window = use(level, limit, end, &request, known_since);
      const Sum total = std::max(most.settled + most.held, window.settled + window.held);
      most.settled = std::max(most.settled, window.settled);
      most.held = total - most.settled;
    }
    return most;
  }
  // The end of the period; of the rolling 60 s, when `bound` fits if nothing more happens, or, for
  // one above the limit, when it is empty.
  std::optional<WallTime> resets_at(const LevelOf& level, const Limit& limit, Sum bound,
                                    const Moment& at) const {
    if (limit.window.kind != WindowKind::kRolling60s) {
      return tollgate::resets_at(limit.window, at.wall, level.level->created);
    }
    const bool above = bound > limit.amount;
    const Use now_used = use(level, limit, at);
    if (above && now_used.settled + now_used.held == 0) return std::nullopt;
    const Sum wanted = above ? 0 : limit.amount - bound;
    const std::int64_t second = second_of(at.steady);
    for (std::int64_t later = second; later <= second + 61; ++later) {
      const SteadyTime steady = std::max(at.steady, SteadyTime(std::chrono::seconds(later)));
      const Use left = use(level, limit, {.wall = at.wall, .steady = steady});
      if (left.settled + left.held > wanted) continue;
      return at.wall + std::chrono::ceil<std::chrono::microseconds>(steady - at.steady);
    }
    return std::nullopt;
  }
  // SPEC §4: of several, the one that resets last; a bound above the whole limit never does, and
  // concurrency waits for nothing. Credits that are missing come before them all, credits that are
  // held after them. REQUIRES: not empty.
  static Word named(const std::vector<Word>& words) {
    const auto rank = [](const Word& word) {
      if (word.number == 0) return std::tuple(word.fit == Fit::kSpent ? 2 : -1, WallTime::min());
      const bool now = word.limit.metric == Metric::kConcurrency;
      return std::tuple(word.fit == Fit::kAbove ? 1 : 0,
                        now ? WallTime::min() : word.resets_at.value_or(WallTime::max()));
    };
    return *std::ranges::max_element(words, {}, rank);
  }
  static RefusalReason reason(const Word& word) {
    if (word.fit == Fit::kHeld) return RefusalReason::kInFlight;
    if (word.number == 0) return RefusalReason::kNoCredits;
    if (word.fit == Fit::kAbove) return RefusalReason::kAboveLimit;
    const WindowKind kind = word.limit.window.kind;
    const bool rate = kind == WindowKind::kRolling60s || kind == WindowKind::kNow;
    return rate ? RefusalReason::kRate : RefusalReason::kSpent;
  }

  // --- what else is shown ---

  Preview preview(std::size_t key) const {
    Preview preview;
    const auto lower = [](auto& least, auto left) {
      left = std::max(left, decltype(left){});
      least = std::min(least.value_or(left), left);
    };
    const auto money = [](Sum nanos) { return Money::from_nanos(nanos); };
    for (const LevelOf& level : levels(key)) {
      for (const NumberedLimit& numbered : level.level->limits) {
        const Limit& limit = numbered.limit;
        if (!guards(*level.level, limit)) continue;
        const Use used = use(level, limit, local(key));
        const Sum unspent = limit.amount - used.settled;
        if (limit.metric == Metric::kCost) {
          lower(preview.now.cost, money(unspent - used.held));
          lower(preview.once_settled.cost, money(unspent));
          continue;
        }
        const bool rate = limit.window.kind == WindowKind::kRolling60s;
        const auto metric = rate ? &Available::token_rate : &Available::tokens;
        lower(preview.now.*metric, unspent - used.held);
        lower(preview.once_settled.*metric, unspent);
      }
    }
    if (prepaid(key)) {
      const std::size_t workspace = keys[key].workspace;
      const Use used = balance_use(workspace);
      const Sum unspent = workspaces[workspace].granted - used.settled;
      lower(preview.now.cost, money(unspent - used.held));
      lower(preview.once_settled.cost, money(unspent));
    }
    return preview;
  }
  // What a limit that is new, or found again after a crash, begins with.
  LimitUse use_of(const LevelOf& level) const {
    LimitUse use;
    for (const NumberedLimit& numbered : level.level->limits) {
      const Limit& limit = numbered.limit;
      std::map<WallTime, Sum> periods;
      for (const Request& request : requests) {
        if (request.state != State::kDone || !counts_in(request, level)) continue;
        const Sum amount = actual(limit, request.actual);
        if (limit.window.kind == WindowKind::kRolling60s) {
          use.rolling.push_back({.limit_number = numbered.number,
                                 .environment = level.environment,
                                 .admitted = request.admitted.steady,
                                 .settled = amount});
        } else if (has_periods(limit.window)) {
          periods[period_of(limit.window, request.admitted.wall, level.level->created).start] +=
              amount;
        }
      }
      for (const auto& [start, settled] : periods) {
        use.periods.push_back({.limit_number = numbered.number,
                               .environment = level.environment,
                               .period_start = start,
                               .settled = settled});
      }
    }
    return use;
  }
};

}  // namespace tollgate
