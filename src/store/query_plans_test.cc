// No page scans the ledger (SPEC §8, §10): the plan of every statement that a page asks for, and
// what it costs in a large installation beside a small one.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/test_statements.h"
#include "store/audit.h"
#include "store/catalogue.h"
#include "store/grants.h"
#include "store/invitations.h"
#include "store/password_resets.h"
#include "store/people.h"
#include "store/person_identities.h"
#include "store/person_sessions.h"
#include "store/profiles.h"
#include "store/test_store.h"
#include "store/usage_index.h"
#include "store/usage_overview.h"

namespace tollgate::store {
namespace {

// A function of store/ that admin/ reads with, asked as pages ask it.
struct Question {
  std::string_view function;
  std::function<void(sql::Connection&)> ask;
  // Where a whole table is read or sorted, because it is small: the plan's own words.
  std::vector<std::string_view> small = {};
};

const WorkspaceId kBusy("ws_default");
const WorkspaceId kQuiet("ws_quiet");
constexpr std::int64_t kDayMicros = 24 * kHourMicros;
constexpr std::int64_t kToday = kTestTime / kDayMicros;
constexpr std::string_view kRare = "acme/rare";

template <class T>
void expect_read(const Result<T>& result) {
  EXPECT_TRUE(result) << result.error().message << " " << result.error().detail;
}

void read_usage(sql::Connection& connection, UsageQuery query) {
  const auto page = list_usage(connection, query);
  expect_read(page);
  if (!page || page->next_cursor.empty()) return;
  query.cursor = page->next_cursor;
  expect_read(list_usage(connection, query));
}

// Every filter of the usage page, alone and together.
void read_usage_pages(sql::Connection& connection) {
  for (const auto& keys :
       {std::optional<std::vector<std::int64_t>>(), std::optional(std::vector<std::int64_t>{1}),
        std::optional(std::vector<std::int64_t>{1, 2})}) {
    for (const auto& workspace :
         {std::optional<WorkspaceId>(), std::optional(kBusy), std::optional(kQuiet)}) {
      for (const std::string_view model :
           {std::string_view(), kRare, std::string_view("acme/none")}) {
        read_usage(
            connection,
            {.keys = keys, .workspace = workspace, .model = std::string(model), .limit = 10});
        for (const std::string_view status : {"error", "500", "provider_timeout"}) {
          read_usage(connection, {.keys = keys,
                                  .workspace = workspace,
                                  .model = std::string(model),
                                  .status = usage_status_from_name(status).value(),
                                  .limit = 10});
        }
        read_usage(connection, {.keys = keys,
                                .workspace = workspace,
                                .model = std::string(model),
                                .from = test_time(-2 * kDayMicros),
                                .to = test_time(-kDayMicros),
                                .limit = 10});
      }
    }
  }
}

void read_totals(sql::Connection& connection) {
  const WallTime midnight = wall_time(kToday * kDayMicros);
  for (const auto& workspace : {std::optional<WorkspaceId>(), std::optional(kBusy)}) {
    for (const std::string_view model : {std::string_view(), kRare}) {
      for (const UsageGroup group : {UsageGroup::kDay, UsageGroup::kModel}) {
        for (const auto& from : {std::optional<WallTime>(), std::optional(midnight),
                                 std::optional(midnight + std::chrono::hours(1))}) {
          expect_read(usage_totals(
              connection, {.workspace = workspace, .model = std::string(model), .from = from},
              group));
          expect_read(usage_totals(connection,
                                   {.keys = std::vector<std::int64_t>{1},
                                    .workspace = workspace,
                                    .model = std::string(model),
                                    .from = from},
                                   group));
        }
      }
    }
  }
}

void read_series(sql::Connection& connection) {
  for (const UsageStep step : {UsageStep::kHour, UsageStep::kDay}) {
    const std::int64_t first = step == UsageStep::kDay ? kToday - 29 : kToday * 24;
    for (const auto& workspace : {std::optional<WorkspaceId>(), std::optional(kBusy)}) {
      expect_read(usage_series(
          connection, {.workspace = workspace, .step = step, .first = first, .count = 30}));
    }
    expect_read(
        usage_series(connection, {.key_number = 1, .step = step, .first = first, .count = 30}));
  }
}

void read_audit(sql::Connection& connection) {
  for (const auto& workspace :
       {std::optional<WorkspaceId>(), std::optional(kBusy), std::optional(kQuiet)}) {
    for (const std::string action : {"key.create", "key.none", "key", "provider"}) {
      if (!workspace) continue;  // a walk over everything, for operators at a terminal
      for (const auto& actors : {std::vector<std::string>(), {"cli"}, {"cli", "nobody"}}) {
        expect_read(list_audit(
            connection, {.workspace = workspace, .action = action, .actors = actors, .limit = 10}));
        expect_read(list_audit(
            connection,
            {.workspace = workspace, .actors = actors, .to = test_time(1), .limit = 10}));
        expect_read(list_audit(connection, {.workspace = workspace,
                                            .actors = actors,
                                            .from = test_time(kDayMicros),
                                            .limit = 10}));
      }
    }
    for (const std::string object : {"", "key_a", "key_none"}) {
      for (const std::string cursor : {"", "7"}) {
        expect_read(list_audit(
            connection, {.workspace = workspace, .object = object, .limit = 10, .cursor = cursor}));
      }
    }
  }
}

std::vector<Question> questions_of_invitations() {
  return {
      {"find_invitation",
       [](sql::Connection& connection) {
         (void)find_invitation(connection, sha256("x"), test_time());
         (void)find_invitation(connection, kBusy, "inv_a");
       }},
      {"find_invitation_to",
       [](sql::Connection& connection) {
         (void)find_invitation_to(connection, kBusy, "a@example.com", test_time());
       }},
      {"list_invitations_to",
       [](sql::Connection& connection) {
         expect_read(list_invitations_to(connection, "a@example.com", test_time()));
       },
       {"SCAN invitations", "USE TEMP B-TREE FOR ORDER BY"}},  // those that nobody has taken yet
      {"count_invitations",
       [](sql::Connection& connection) {
         expect_read(count_invitations(connection, kBusy, test_time()));
       }},
      {"list_invitations",
       [](sql::Connection& connection) {
         expect_read(list_invitations(connection, kBusy, test_time()));
       },
       {"USE TEMP B-TREE FOR ORDER BY"}},  // those of one workspace that nobody has taken yet
  };
}

// Of people, by whom they are.
std::vector<Question> questions_of_people() {
  static const PersonId person("person_a");
  return {
      {"has_operator",
       [](sql::Connection& connection) { (void)has_operator(connection); },
       {"USING INDEX people_operators"}},
      {"find_account",
       [](sql::Connection& connection) {
         expect_read(find_account(connection, std::string("a@example.com")));
         expect_read(find_account(connection, person));
       }},
      {"find_person", [](sql::Connection& connection) { (void)find_person(connection, person); }},
      {"find_member",
       [](sql::Connection& connection) { (void)find_member(connection, kBusy, person); }},
      {"memberships_of",
       [](sql::Connection& connection) { expect_read(memberships_of(connection, person)); },
       {"USE TEMP B-TREE FOR ORDER BY"}},  // of one person
      {"list_members",
       [](sql::Connection& connection) {
         expect_read(list_members(connection, kBusy, {.limit = 10}));
       },
       {"USE TEMP B-TREE FOR ORDER BY"}},  // the people of one workspace
      {"list_people",
       [](sql::Connection& connection) { expect_read(list_people(connection, {.limit = 10})); }},
      {"find_session",
       [](sql::Connection& connection) {
         (void)find_session(connection, sha256("x"), test_time());
       }},
      {"list_sessions",
       [](sql::Connection& connection) {
         expect_read(list_sessions(connection, person, test_time()));
       },
       {"USE TEMP B-TREE FOR ORDER BY"}},  // of one person
      {"find_reset",
       [](sql::Connection& connection) {
         expect_read(find_reset(connection, sha256("x"), test_time()));
       }},
      {"find_key",
       [](sql::Connection& connection) { EXPECT_FALSE(find_key(connection, KeyId("key_none"))); }},
      {"find_identity",
       [](sql::Connection& connection) {
         expect_read(find_identity(connection, person, "https://issuer.example"));
       }},
      {"find_person_by_identity",
       [](sql::Connection& connection) {
         expect_read(find_person_by_identity(connection, "https://issuer.example", "subject"));
       }},
  };
}

// What pages ask: a new function is noticed by EveryFunctionThatPagesReadWithIsAsked.
const std::vector<Question>& questions() {
  static const std::vector<Question> list = [] {
    std::vector<Question> all{
        {"list_usage", read_usage_pages, {"SCAN usage_kinds"}},
        {"get_usage",
         [](sql::Connection& connection) { (void)get_usage(connection, test_id(test_time())); }},
        {"usage_totals", read_totals, {"SCAN w", "SCAN e"}},
        {"usage_series", read_series, {"SCAN w"}},
        {"list_audit", read_audit},
        {"list_grants",
         [](sql::Connection& connection) {
           expect_read(list_grants(connection, {.workspace = kBusy, .limit = 10}));
           expect_read(list_grants(connection, {.workspace = kBusy, .limit = 10, .cursor = "7"}));
         }},
        {"find_workspace",
         [](sql::Connection& connection) { (void)find_workspace(connection, kBusy); }},
        {"find_profile",
         [](sql::Connection& connection) {
           (void)find_profile(connection, ProfileId("profile_a"));
         }},
        // Both are of a few hundred: a keeper of routing rules is a person.
        {"list_profiles",
         [](sql::Connection& connection) { expect_read(list_profiles(connection)); },
         {"SCAN profiles"}},
        {"live_profile_keys",
         [](sql::Connection& connection) { expect_read(live_profile_keys(connection)); },
         {"SCAN keys USING INDEX keys_by_profile"}},
    };
    for (Question& question : questions_of_people()) all.push_back(std::move(question));
    for (Question& question : questions_of_invitations()) all.push_back(std::move(question));
    return all;
  }();
  return list;
}

bool allowed(const Question& question, const std::string& line) {
  if (line.starts_with("SCAN ") && line.contains("CONSTANT ROW")) return true;
  return std::ranges::any_of(question.small,
                             [&](std::string_view words) { return line.contains(words); });
}

class QueryPlansTest : public StoreTest {
 protected:
  std::set<std::string> asked(const Question& question) {
    const sql::StatementLog log(connection_);
    question.ask(connection_);
    std::set<std::string> statements;
    for (const auto& [sql, cost] : log.costs()) statements.insert(sql);
    return statements;
  }

  // What a question takes of the engine, in its own steps.
  std::int64_t steps_of(const Question& question) {
    const sql::StatementLog log(connection_);
    question.ask(connection_);
    return log.steps();
  }

  // Rows of the last three days, most of one workspace, indexed; keys, audit rows and people of it.
  void fill(int count) {
    if (!quiet_) {
      expect_ok(insert_workspace(connection_,
                                 {.id = kQuiet, .name = "quiet", .created_at = test_time()}));
      quiet_ = test_key("quiet");
      quiet_->workspace = kQuiet;
      expect_ok(insert_key(connection_, *quiet_));
    }
    std::vector<UsageRow> rows;
    for (int i = 0; i < count; ++i, ++filled_) {
      const std::string name = std::to_string(filled_);
      if (filled_ % 4 == 0) keys_.push_back(stored_key(name));
      const Key& key = filled_ % 100 == 7 && i < 400
                           ? *quiet_
                           : keys_[static_cast<std::size_t>(filled_) % keys_.size()];
      rows.push_back(usage_row(key, test_time(-(i * (3 * kDayMicros / count))), filled_ % 1'000));
      if (filled_ == 20 || filled_ == 30) rows.back().model = kRare;
      rows.back().status = filled_ % 9 == 0 ? 500 : 200;
      expect_ok(append_audit(connection_, {.at = test_time(filled_),
                                           .actor = "cli",
                                           .action = "key.create",
                                           .object = "key_" + name,
                                           .from_address = "local",
                                           .workspace = filled_ % 100 == 7 ? kQuiet : kBusy}));
    }
    store_rows(rows);
    while (index_usage_tail(connection_, 1'000).value() == sql::UpkeepLeft::kMore) {
    }
  }

  std::optional<Key> quiet_;
  std::vector<Key> keys_;
  int filled_ = 0;
};

TEST_F(QueryPlansTest, EveryStatementOfAPageSearchesByAnIndexAndSortsNothing) {
  for (const Question& question : questions()) {
    const std::set<std::string> statements = asked(question);
    EXPECT_FALSE(statements.empty()) << question.function;
    for (const std::string& sql : statements) {
      for (const std::string& line : sql::query_plan(connection_, sql)) {
        const bool costly = line.starts_with("SCAN ") ||
                            line.contains("TEMP B-TREE FOR ORDER BY") || line.contains("AUTOMATIC");
        EXPECT_TRUE(!costly || allowed(question, line)) << question.function << ": " << line << "\n"
                                                        << sql;
      }
    }
  }
}

// A condition that an index does not know would not show in a plan: it shows here.
TEST_F(QueryPlansTest, APageCostsTheSameInALedgerTenTimesAsLarge) {
  fill(400);
  std::vector<std::int64_t> small;
  for (const Question& question : questions()) small.push_back(steps_of(question));
  fill(3'600);
  for (std::size_t i = 0; i < small.size(); ++i) {
    const std::int64_t large = steps_of(questions()[i]);
    EXPECT_LE(large, small[i] + small[i] / 2 + 200) << questions()[i].function;
  }
}

// The functions of store/ that the control plane calls, out of its sources.
std::set<std::string> called_by_admin() {
  std::set<std::string> names;
  const auto admin = std::filesystem::path(TOLLGATE_SOURCE_DIR) / "src" / "admin";
  for (const auto& file : std::filesystem::directory_iterator(admin)) {
    const std::string name = file.path().filename().string();
    if (!name.ends_with(".cc") || name.ends_with("_test.cc")) continue;
    std::ifstream stream(file.path());
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    constexpr std::string_view kRoom = "store::";
    for (auto at = text.find(kRoom); at != std::string::npos; at = text.find(kRoom, at + 1)) {
      const auto begin = at + kRoom.size();
      const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", begin);
      if (end != std::string::npos && text[end] == '(')
        names.insert(text.substr(begin, end - begin));
    }
  }
  return names;
}

TEST(QueryPlansListTest, EveryFunctionThatPagesReadWithIsAsked) {
  // They write, or are pure, or read the few rows of the catalogue, or (verify_audit) are asked by
  // a button to read everything.
  const std::set<std::string> others{"append_audit",
                                     "default_workspace_id",
                                     "find_provider",
                                     "identity_json",
                                     "put_reset",
                                     "remove_reset",
                                     "remove_resets_by",
                                     "remove_identities",
                                     "insert_identity",
                                     "remove_identity",
                                     "insert_invitation",
                                     "insert_person",
                                     "insert_profile",
                                     "insert_provider",
                                     "insert_session",
                                     "invitation_json",
                                     "load_catalogue",
                                     "offers_of",
                                     "open_catalogue",
                                     "person_json",
                                     "profile_json",
                                     "provider_audit_json",
                                     "put_alias",
                                     "put_facts",
                                     "put_membership",
                                     "put_offer",
                                     "remove_alias",
                                     "remove_facts",
                                     "remove_invitation",
                                     "remove_invitations_of",
                                     "remove_membership",
                                     "remove_offer",
                                     "remove_person",
                                     "remove_profile",
                                     "remove_provider",
                                     "remove_session",
                                     "remove_sessions_except",
                                     "replace_offers",
                                     "set_password",
                                     "set_reach",
                                     "touch_session",
                                     "update_profile",
                                     "update_provider",
                                     "verify_audit"};
  std::set<std::string> known = others;
  for (const Question& question : questions()) known.emplace(question.function);
  const std::set<std::string> called = called_by_admin();
  EXPECT_GT(called.size(), 20u) << "the sources of admin/ were not found";
  for (const std::string& name : called) {
    EXPECT_TRUE(known.contains(name))
        << "store::" << name << " is new: add it to questions() above, with the ways in "
        << "which pages ask it, or to the others";
  }
}

}  // namespace
}  // namespace tollgate::store
