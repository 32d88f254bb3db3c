#include "store/audit.h"

#include <gmock/gmock.h>

#include "store/test_store.h"

namespace tollgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AuditTest : public StoreTest {
 protected:
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      expect_ok(append_audit(connection_, {.at = test_time(i),
                                           .actor = "cli",
                                           .action = "key.update",
                                           .object = "key_" + std::to_string(i),
                                           .before = i == 0 ? std::nullopt : std::optional("{}"),
                                           .after = "{\"n\":" + std::to_string(i) + "}",
                                           .from_address = "local socket",
                                           .workspace = default_workspace_id()}));
    }
  }
  std::optional<std::int64_t> first_bad() { return verify_audit(connection_).value().first_bad; }
};

TEST_F(AuditTest, ChainsEveryRowToItsForerunner) {
  append(3);
  const AuditPage page = list_audit(connection_, {}).value();
  ASSERT_EQ(page.rows.size(), 3u);
  EXPECT_EQ(page.rows[2].number, 1);
  EXPECT_EQ(page.rows[2].previous_hash, Sha256{});
  EXPECT_EQ(page.rows[1].previous_hash, page.rows[2].hash);
  EXPECT_EQ(page.rows[0].previous_hash, page.rows[1].hash);
  EXPECT_EQ(page.rows[0].entry.object, "key_2");
  EXPECT_EQ(page.rows[0].entry.before, "{}");
  EXPECT_EQ(page.rows[2].entry.before, std::nullopt);
  EXPECT_EQ(page.rows[0].entry.at, test_time(2));
}

// Those of a workspace are found by an index, those of all by walking: both find the same.
TEST_F(AuditTest, PagesOfAWorkspaceHaveEveryRowThatFitsOnce) {
  const std::vector<std::string> actors{"cli", "usr_1", "usr_2"};
  const std::vector<std::string> actions{"key.create", "key.update", "keys.other",
                                         "provider.create"};
  for (int i = 0; i < 60; ++i) {
    expect_ok(
        append_audit(connection_, {.at = test_time(i % 10 == 9 ? i - 9 : i),
                                   .actor = actors[static_cast<std::size_t>(i * 5 % 3)],
                                   .action = actions[static_cast<std::size_t>(i * i % 4)],
                                   .object = "key_1",
                                   .from_address = "::1",
                                   .workspace = WorkspaceId(i % 7 == 3 ? "ws_other" : "ws_a")}));
  }
  const auto numbers = [&](AuditQuery query) {
    std::vector<std::int64_t> found;
    query.limit = 4;
    do {
      const AuditPage page = list_audit(connection_, query).value();
      for (const AuditRow& row : page.rows) {
        if (row.entry.workspace == WorkspaceId("ws_a")) found.push_back(row.number);
      }
      query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    return found;
  };
  std::size_t most = 0;
  for (const std::string action : {"", "key", "key.update", "key.none", "provider"}) {
    for (const auto& who :
         {std::vector<std::string>(), {"cli"}, {"usr_1", "usr_2", "usr_1"}, {"nobody"}}) {
      for (const auto& from : {std::optional<WallTime>(), std::optional(test_time(17)),
                               std::optional(test_time(100))}) {
        for (const auto& to : {std::optional<WallTime>(), std::optional(test_time(39)),
                               std::optional(test_time(-5))}) {
          AuditQuery query{.action = action, .actors = who, .from = from, .to = to};
          const std::vector<std::int64_t> walked = numbers(query);
          query.workspace = WorkspaceId("ws_a");
          EXPECT_EQ(numbers(query), walked) << action << " " << who.size();
          most = std::max(most, walked.size());
        }
      }
    }
  }
  EXPECT_EQ(most, 51u);
}

TEST_F(AuditTest, FindsByActionActorAndTimeAndByAllOfThem) {
  struct Row {
    const char* actor;
    const char* action;
    int at;
  };
  // The clock went back before the third.
  for (const Row& row :
       {Row{"cli", "key.create", 1}, Row{"usr_1", "key.update", 5}, Row{"cli", "key.update", 3},
        Row{"usr_1", "keys.other", 6}, Row{"key_9", "provider.create", 7}}) {
    expect_ok(append_audit(connection_, {.at = test_time(row.at),
                                         .actor = row.actor,
                                         .action = row.action,
                                         .object = "key_1",
                                         .from_address = "::1",
                                         .workspace = default_workspace_id()}));
  }
  const auto numbers = [this](AuditQuery query) {
    query.workspace = default_workspace_id();
    std::vector<std::int64_t> found;
    for (const AuditRow& row : list_audit(connection_, query).value().rows) {
      found.push_back(row.number);
    }
    return found;
  };
  EXPECT_THAT(numbers({.action = "key.update"}), ElementsAre(3, 2));
  EXPECT_THAT(numbers({.action = "key"}), ElementsAre(3, 2, 1));
  EXPECT_THAT(numbers({.actors = {"usr_1"}}), ElementsAre(4, 2));
  EXPECT_THAT(numbers({.actors = {"usr_1", "key_9"}}), ElementsAre(5, 4, 2));
  EXPECT_THAT(numbers({.from = test_time(5)}), ElementsAre(5, 4, 2));
  EXPECT_THAT(numbers({.to = test_time(5)}), ElementsAre(3, 1));
  EXPECT_THAT(numbers({.from = test_time(3), .to = test_time(6)}), ElementsAre(3, 2));
  EXPECT_THAT(numbers({.from = test_time(8)}), IsEmpty());
  EXPECT_THAT(numbers({.to = test_time(0)}), IsEmpty());
  EXPECT_THAT(numbers({.action = "key", .actors = {"cli"}, .from = test_time(2)}), ElementsAre(3));
  EXPECT_THAT(numbers({.action = "key.%"}), IsEmpty());
}

TEST_F(AuditTest, VerifiesAnEmptyAndAnUntouchedChain) {
  EXPECT_EQ(verify_audit(connection_).value().rows, 0);
  EXPECT_EQ(first_bad(), std::nullopt);
  append(20);
  EXPECT_EQ(verify_audit(connection_).value().rows, 20);
  EXPECT_EQ(first_bad(), std::nullopt);
}

TEST_F(AuditTest, WalksInPiecesOfAnySizeToTheSameVerdict) {
  append(6);
  const auto walked = [this](int rows_max) {
    AuditWalk walk;
    std::optional<AuditVerdict> verdict;
    for (int pieces = 0; !verdict && pieces < 20; ++pieces) {
      verdict = verify_audit(connection_, walk, rows_max).value();
    }
    return verdict.value_or(AuditVerdict{.rows = -1});
  };
  for (const int rows_max : {1, 2, 3, 6, 7}) {
    EXPECT_EQ(walked(rows_max).rows, 6) << rows_max;
    EXPECT_EQ(walked(rows_max).first_bad, std::nullopt) << rows_max;
  }
  expect_ok(connection_.exec("UPDATE audit SET actor = 'key_x' WHERE number = 4"));
  for (const int rows_max : {1, 2, 3, 6, 7}) {
    EXPECT_EQ(walked(rows_max).rows, 3) << rows_max;
    EXPECT_EQ(walked(rows_max).first_bad, 4) << rows_max;
  }
}

TEST_F(AuditTest, RowsThatAreAddedDuringAWalkAreWalkedToo) {
  append(3);
  AuditWalk walk;
  EXPECT_EQ(verify_audit(connection_, walk, 3).value().has_value(), false);
  append(2);
  const auto verdict = verify_audit(connection_, walk, 3).value();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->rows, 5);
  EXPECT_EQ(verdict->first_bad, std::nullopt);
}

TEST_F(AuditTest, FindsAnEditOfAnyColumn) {
  append(5);
  for (const char* edit :
       {"at = at + 1", "actor = 'key_x'", "action = 'key.create'", "object = 'key_y'",
        "before = NULL", "before = ''", "after = '{}'", "after = NULL", "from_address = ''",
        "workspace_id = ''", "hash = zeroblob(32)", "hash = x'00'", "previous_hash = zeroblob(32)",
        "actor = 'cl', action = 'ikey.update'"}) {
    sql::Savepoint savepoint(connection_);
    expect_ok(connection_.exec(std::string("UPDATE audit SET ") + edit + " WHERE number = 3"));
    EXPECT_EQ(first_bad(), 3) << edit;
  }
  EXPECT_EQ(first_bad(), std::nullopt);
}

TEST_F(AuditTest, RowWhoseHashWasMadeAnewIsFoundByTheNextOne) {
  append(2);
  AuditRow forged;
  {
    sql::Savepoint savepoint(connection_);
    forged = append_audit(connection_, {.at = test_time(9),
                                        .actor = "key_x",
                                        .action = "key.create",
                                        .object = "key_y",
                                        .from_address = "::1",
                                        .workspace = default_workspace_id()})
                 .value();
  }
  append(3);
  expect_ok(connection_
                .prepare("UPDATE audit SET at = ?, actor = ?, action = ?, object = ?, "
                         "before = NULL, after = NULL, from_address = ?, hash = ? "
                         "WHERE number = 3")
                .bind(1, micros(forged.entry.at))
                .bind(2, forged.entry.actor)
                .bind(3, forged.entry.action)
                .bind(4, forged.entry.object)
                .bind(5, forged.entry.from_address)
                .bind_blob(6, forged.hash)
                .run());
  EXPECT_EQ(first_bad(), 4);
}

TEST_F(AuditTest, FindsARemovalAnywhere) {
  append(5);
  for (const int removed : {1, 3, 5}) {
    sql::Savepoint savepoint(connection_);
    expect_ok(connection_.prepare("DELETE FROM audit WHERE number = ?").bind(1, removed).run());
    EXPECT_EQ(first_bad(), removed);
  }
  sql::Savepoint savepoint(connection_);
  expect_ok(connection_.exec("DELETE FROM audit"));
  EXPECT_EQ(first_bad(), 1);
}

TEST_F(AuditTest, FindsARemovalThatRenumbersTheRest) {
  append(5);
  expect_ok(connection_.exec("DELETE FROM audit WHERE number = 2"));
  expect_ok(connection_.exec("UPDATE audit SET number = number - 1 WHERE number > 2"));
  EXPECT_EQ(first_bad(), 2);
}

TEST_F(AuditTest, FindsTheNewestRowReplacedOrAdded) {
  append(3);
  {
    sql::Savepoint savepoint(connection_);
    expect_ok(
        connection_.exec("UPDATE audit_head SET number = 2, hash = "
                         "(SELECT hash FROM audit WHERE number = 2)"));
    EXPECT_EQ(first_bad(), 3);
  }
  expect_ok(connection_.exec("UPDATE audit_head SET hash = zeroblob(32)"));
  EXPECT_EQ(first_bad(), 3);
}

TEST_F(AuditTest, PagesNewestFirstWithoutGapsOrRepeats) {
  append(10);
  std::vector<std::int64_t> seen;
  AuditQuery query{.limit = 3};
  int pages = 0;
  do {
    const AuditPage page = list_audit(connection_, query).value();
    for (const AuditRow& row : page.rows) seen.push_back(row.number);
    query.cursor = page.next_cursor;
    ++pages;
  } while (!query.cursor.empty());
  EXPECT_EQ(pages, 4);
  EXPECT_THAT(seen, testing::ElementsAre(10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
}

TEST_F(AuditTest, FiltersByWorkspaceAndObject) {
  append(4);
  expect_ok(append_audit(connection_, {.at = test_time(),
                                       .actor = "cli",
                                       .action = "workspace.create",
                                       .object = "ws_other",
                                       .from_address = "local socket",
                                       .workspace = WorkspaceId("ws_other")}));
  EXPECT_EQ(list_audit(connection_, {.workspace = default_workspace_id()}).value().rows.size(), 4u);
  EXPECT_EQ(list_audit(connection_, {.workspace = WorkspaceId("ws_other")}).value().rows.size(),
            1u);
  EXPECT_EQ(list_audit(connection_, {.object = "key_2"}).value().rows.size(), 1u);
}

TEST_F(AuditTest, RefusesCursorsAndLimitsThatAreNotOurs) {
  for (const char* cursor : {"x", "1x", "0", "-1", " 1", "99999999999999999999"}) {
    EXPECT_EQ(list_audit(connection_, {.cursor = cursor}).error().param, "cursor") << cursor;
  }
  for (const int limit : {0, -1, 1'001}) {
    EXPECT_EQ(list_audit(connection_, {.limit = limit}).error().param, "limit") << limit;
  }
  expect_ok(list_audit(connection_, {.limit = 1'000}));
}

}  // namespace
}  // namespace tollgate::store
