#include "store/schema.h"

#include <array>

namespace tollgate::store {

namespace {

// STRICT: a sum beyond int64, which SQLite would turn into a floating-point number, is refused by
// the column instead. Rows of `usage` have no index but their time-ordered id, and no foreign keys:
// both would cost every request.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE installation (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  token_prefix TEXT NOT NULL
) STRICT;

CREATE TABLE workspaces (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  icon TEXT NOT NULL,
  environment TEXT NOT NULL,
  type TEXT NOT NULL,
  role TEXT NOT NULL,
  models TEXT NOT NULL,
  region TEXT NOT NULL,
  enforcement TEXT NOT NULL,
  allowed_ips TEXT NOT NULL,
  expires_at INTEGER,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  prefer_low_carbon INTEGER NOT NULL CHECK (prefer_low_carbon IN (0, 1)),
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX keys_live_name ON keys (workspace_id, name) WHERE revoked_at IS NULL;

CREATE TABLE secrets (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  key_number INTEGER NOT NULL REFERENCES keys (number),
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  preview TEXT NOT NULL,
  last4 TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retires_at INTEGER,
  purpose TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX secrets_by_key ON secrets (key_number);

CREATE TABLE usage (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL,
  admitted_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  key_number INTEGER NOT NULL,
  secret_number INTEGER NOT NULL,
  environment TEXT NOT NULL,
  requested_model TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  region TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  audio_input_tokens INTEGER NOT NULL,
  image_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_output_tokens INTEGER NOT NULL,
  audio_output_tokens INTEGER NOT NULL,
  metering TEXT NOT NULL,
  price_version TEXT NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  status INTEGER NOT NULL,
  error_code TEXT NOT NULL,
  latency_ms INTEGER NOT NULL,
  first_token_ms INTEGER,
  streamed INTEGER NOT NULL CHECK (streamed IN (0, 1)),
  client TEXT NOT NULL,
  ip TEXT NOT NULL,
  attempts TEXT NOT NULL
) STRICT;

CREATE TABLE usage_by_key (
  key_number INTEGER NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (key_number, id)
) STRICT, WITHOUT ROWID;

-- mark: every row up to this id is in usage_by_key. skew: the furthest, in microseconds, that a row's
-- admitted_at has ever been from the time in its id; what looks for rows by time looks that far around.
CREATE TABLE usage_index (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  mark INTEGER NOT NULL,
  skew INTEGER NOT NULL
) STRICT;
INSERT INTO usage_index (one, mark, skew) VALUES (1, 0, 3600000000);

CREATE TABLE usage_hours (
  secret_number INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (secret_number, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_days (
  secret_number INTEGER NOT NULL,
  day INTEGER NOT NULL,
  model TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (secret_number, day, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_days_by_day ON usage_days (day);

CREATE TABLE workspace_hours (
  workspace_id TEXT NOT NULL,
  environment TEXT NOT NULL,
  hour INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, environment, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE workspace_days (
  workspace_id TEXT NOT NULL,
  environment TEXT NOT NULL,
  day INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, environment, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE request_counts (
  secret_number INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  code TEXT NOT NULL,
  count INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (secret_number, hour, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  before TEXT,
  after TEXT,
  from_address TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  previous_hash BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TABLE audit_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  number INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (one, number, hash) VALUES (1, 0, zeroblob(32));

CREATE TABLE idempotency (
  caller TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  object_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
)sql";

constexpr std::string_view kKeyLimits = R"sql(
ALTER TABLE keys ADD COLUMN limits TEXT NOT NULL DEFAULT '[]';
)sql";

// granted is the sum of the workspace's grants, kept in their transactions; what it was charged is
// the sum of its days in workspace_days.
constexpr std::string_view kWorkspaces = R"sql(
ALTER TABLE workspaces ADD COLUMN limits TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workspaces ADD COLUMN balance_mode TEXT NOT NULL DEFAULT 'unlimited'
  CHECK (balance_mode IN ('unlimited', 'prepaid'));
ALTER TABLE workspaces ADD COLUMN granted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN test_clock_offset_us INTEGER NOT NULL DEFAULT 0
  CHECK (test_clock_offset_us >= 0);

CREATE TABLE grants (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  at INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  note TEXT NOT NULL,
  actor TEXT NOT NULL
) STRICT;
CREATE INDEX grants_by_workspace ON grants (workspace_id, number);
)sql";

constexpr std::string_view kUsageFlags = R"sql(
ALTER TABLE usage ADD COLUMN flags TEXT NOT NULL DEFAULT '';
ALTER TABLE usage ADD COLUMN video_input_tokens INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::string_view kTestTime = R"sql(
ALTER TABLE usage ADD COLUMN test_time INTEGER;
)sql";

// JSON, empty where there was nothing to decide.
constexpr std::string_view kDecision = R"sql(
ALTER TABLE usage ADD COLUMN decision TEXT NOT NULL DEFAULT '';
)sql";

// Neither a password, nor the token of a session or an invitation: hashes of them.
constexpr std::string_view kPeople = R"sql(
CREATE TABLE people (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  operator INTEGER NOT NULL CHECK (operator IN (0, 1)),
  password TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
  person_id TEXT NOT NULL REFERENCES people (id),
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  role TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (person_id, workspace_id)
) STRICT;
CREATE INDEX memberships_by_workspace ON memberships (workspace_id);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id),
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  from_address TEXT NOT NULL,
  client TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_person ON sessions (person_id);
CREATE INDEX sessions_by_use ON sessions (last_seen_at);

CREATE TABLE invitations (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  email TEXT NOT NULL,
  role TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX invitations_by_address ON invitations (workspace_id, email);
CREATE INDEX keys_by_workspace ON keys (workspace_id);
)sql";

// What was made over the API; the file's is the file's. `sealed` holds what is secret of a
// provider, encrypted and bound to its row (base/master_key.h). The version counts the changes. An
// offer may stand at a provider of the file, so nothing refers to its row.
constexpr std::string_view kCatalogue = R"sql(
CREATE TABLE catalogue (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO catalogue (one, version) VALUES (1, 0);

CREATE TABLE providers (
  id TEXT PRIMARY KEY,
  settings TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE offers (
  provider_id TEXT NOT NULL,
  model TEXT NOT NULL,
  settings TEXT NOT NULL,
  PRIMARY KEY (provider_id, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_facts (
  model TEXT PRIMARY KEY,
  facts TEXT NOT NULL
) STRICT;

CREATE TABLE aliases (
  alias TEXT PRIMARY KEY,
  target TEXT NOT NULL
) STRICT;

CREATE TABLE profiles (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  rules TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  UNIQUE (workspace_id, name)
) STRICT;

ALTER TABLE keys ADD COLUMN profile_id TEXT NOT NULL DEFAULT '';
CREATE INDEX keys_by_profile ON keys (profile_id) WHERE profile_id <> '';
)sql";

// Which rows of the audit log are of a time.
constexpr std::string_view kAuditTimes = R"sql(
CREATE INDEX audit_by_time ON audit (at);
)sql";

// What pages look for in an installation of any size. A kind is what usage rows are listed by,
// beside their key: there are some hundred, so the index of a page is read for each of them in
// turn, and a row is in two narrow tables instead of one for each question (store/usage_index.h).
// workspace_models is what a workspace's models did on a day; the sum of its keys' days would be
// read for each page.
constexpr std::string_view kLargeInstallations = R"sql(
CREATE TABLE usage_kinds (
  number INTEGER PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  model TEXT NOT NULL,
  status INTEGER NOT NULL,
  error_code TEXT NOT NULL,
  UNIQUE (workspace_id, model, status, error_code)
) STRICT;
CREATE TABLE usage_by_kind (
  kind INTEGER NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
DROP TABLE usage_by_key;
CREATE TABLE usage_by_key (
  key_number INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (key_number, kind, id)
) STRICT, WITHOUT ROWID;

INSERT INTO usage_kinds (workspace_id, model, status, error_code)
  SELECT DISTINCT k.workspace_id, u.model, u.status, u.error_code
  FROM usage u CROSS JOIN keys k WHERE k.number = u.key_number;
INSERT INTO usage_by_kind (kind, id)
  SELECT g.number, u.id FROM usage u CROSS JOIN keys k CROSS JOIN usage_kinds g
  WHERE u.id <= (SELECT mark FROM usage_index) AND k.number = u.key_number
    AND g.workspace_id = k.workspace_id AND g.model = u.model AND g.status = u.status
    AND g.error_code = u.error_code ORDER BY g.number, u.id;
INSERT INTO usage_by_key (key_number, kind, id)
  SELECT u.key_number, g.kind, g.id FROM usage_by_kind g CROSS JOIN usage u WHERE u.id = g.id
  ORDER BY u.key_number, g.kind, g.id;

-- As far as any row says, instead of an hour: what looks for rows of a time reads that much around.
UPDATE usage_index SET skew = max(1000000, coalesce(
  (SELECT max(abs(admitted_at - (id >> 10) - 1577836800000000)) FROM usage), 0));

CREATE TABLE workspace_models (
  workspace_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  model TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, day, model)
) STRICT, WITHOUT ROWID;
INSERT INTO workspace_models
  -- Less than a column holds, whatever the rows say: a sum beyond int64 would end the migration.
  SELECT k.workspace_id, u.day, u.model, sum(u.requests), sum(u.errors),
    sum(min(u.input_tokens, 100000000000000000)),
    sum(min(u.cached_input_tokens, 100000000000000000)),
    sum(min(u.output_tokens, 100000000000000000)), sum(min(u.cost, 100000000000000000)),
    sum(min(u.charged, 100000000000000000)),
    max(u.last_used_at)
  FROM usage_days u CROSS JOIN secrets s CROSS JOIN keys k
  WHERE s.number = u.secret_number AND k.number = s.key_number
  GROUP BY k.workspace_id, u.day, u.model;

CREATE INDEX people_operators ON people (id) WHERE operator = 1;
CREATE INDEX audit_by_workspace ON audit (workspace_id);
CREATE INDEX audit_by_object ON audit (object);
CREATE INDEX audit_by_actor ON audit (workspace_id, actor, action);
CREATE INDEX audit_by_action ON audit (workspace_id, action);
)sql";

// A LatencyHistogram of the aggregate's rows, packed; empty of those from before.
constexpr std::string_view kLatencies = R"sql(
ALTER TABLE usage_hours ADD COLUMN latencies BLOB NOT NULL DEFAULT x'';
ALTER TABLE usage_days ADD COLUMN latencies BLOB NOT NULL DEFAULT x'';
ALTER TABLE workspace_hours ADD COLUMN latencies BLOB NOT NULL DEFAULT x'';
ALTER TABLE workspace_days ADD COLUMN latencies BLOB NOT NULL DEFAULT x'';
ALTER TABLE workspace_models ADD COLUMN latencies BLOB NOT NULL DEFAULT x'';
)sql";

// An identity is the provider's name of a person; a reset is a link to a new password, of which
// only the token's hash is kept.
constexpr std::string_view kIdentities = R"sql(
CREATE TABLE person_identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject),
  UNIQUE (person_id, issuer)
) STRICT, WITHOUT ROWID;

CREATE TABLE password_resets (
  person_id TEXT PRIMARY KEY REFERENCES people (id),
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  created_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
)sql";

// Every aggregate is by model, so that the models of 24 hours are those of these hours and not of
// two days. Hours are summed up anew from their rows, days of workspaces from those of secrets;
// which model a latency was of is not known any more, so they stand with the first.
constexpr std::string_view kModelsOfHours = R"sql(
ALTER TABLE usage_hours RENAME TO earlier_usage_hours;
ALTER TABLE workspace_hours RENAME TO earlier_workspace_hours;
ALTER TABLE workspace_days RENAME TO earlier_workspace_days;

CREATE TABLE usage_hours (
  secret_number INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  model TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  latencies BLOB NOT NULL DEFAULT x'',
  PRIMARY KEY (secret_number, hour, model)
) STRICT, WITHOUT ROWID;
INSERT INTO usage_hours
  SELECT secret_number, admitted_at / 3600000000, model, count(*),
    sum(status >= 400 OR error_code <> ''), sum(min(input_tokens, 100000000000000000)),
    sum(min(cached_input_tokens, 100000000000000000)),
    sum(min(output_tokens, 100000000000000000)), sum(min(cost, 100000000000000000)),
    sum(min(charged, 100000000000000000)), max(admitted_at), x''
  FROM usage GROUP BY 1, 2, 3;
UPDATE usage_hours AS u SET latencies = e.latencies FROM earlier_usage_hours e
  WHERE e.secret_number = u.secret_number AND e.hour = u.hour AND u.model =
    (SELECT min(model) FROM usage_hours WHERE secret_number = e.secret_number AND hour = e.hour);

CREATE TABLE workspace_hours (
  workspace_id TEXT NOT NULL,
  environment TEXT NOT NULL,
  hour INTEGER NOT NULL,
  model TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  latencies BLOB NOT NULL DEFAULT x'',
  PRIMARY KEY (workspace_id, environment, hour, model)
) STRICT, WITHOUT ROWID;
INSERT INTO workspace_hours
  SELECT k.workspace_id, k.environment, u.hour, u.model, sum(u.requests), sum(u.errors),
    sum(min(u.input_tokens, 100000000000000000)),
    sum(min(u.cached_input_tokens, 100000000000000000)),
    sum(min(u.output_tokens, 100000000000000000)), sum(min(u.cost, 100000000000000000)),
    sum(min(u.charged, 100000000000000000)), max(u.last_used_at), x''
  FROM usage_hours u CROSS JOIN secrets s CROSS JOIN keys k
  WHERE s.number = u.secret_number AND k.number = s.key_number GROUP BY 1, 2, 3, 4;
UPDATE workspace_hours AS u SET latencies = e.latencies FROM earlier_workspace_hours e
  WHERE e.workspace_id = u.workspace_id AND e.environment = u.environment AND e.hour = u.hour AND
    u.model = (SELECT min(model) FROM workspace_hours WHERE workspace_id = e.workspace_id AND
      environment = e.environment AND hour = e.hour);

CREATE TABLE workspace_days (
  workspace_id TEXT NOT NULL,
  environment TEXT NOT NULL,
  day INTEGER NOT NULL,
  model TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  latencies BLOB NOT NULL DEFAULT x'',
  PRIMARY KEY (workspace_id, environment, day, model)
) STRICT, WITHOUT ROWID;
INSERT INTO workspace_days
  SELECT k.workspace_id, k.environment, u.day, u.model, sum(u.requests), sum(u.errors),
    sum(min(u.input_tokens, 100000000000000000)),
    sum(min(u.cached_input_tokens, 100000000000000000)),
    sum(min(u.output_tokens, 100000000000000000)), sum(min(u.cost, 100000000000000000)),
    sum(min(u.charged, 100000000000000000)), max(u.last_used_at), x''
  FROM usage_days u CROSS JOIN secrets s CROSS JOIN keys k
  WHERE s.number = u.secret_number AND k.number = s.key_number GROUP BY 1, 2, 3, 4;
UPDATE workspace_days AS u SET latencies = e.latencies FROM earlier_workspace_days e
  WHERE e.workspace_id = u.workspace_id AND e.environment = u.environment AND e.day = u.day AND
    u.model = (SELECT min(model) FROM workspace_days WHERE workspace_id = e.workspace_id AND
      environment = e.environment AND day = e.day);

DROP TABLE earlier_usage_hours;
DROP TABLE earlier_workspace_hours;
DROP TABLE earlier_workspace_days;
DROP TABLE workspace_models;
)sql";

// What stands in for rows that were removed (store/retention.h). rows_from: rows of days before it
// are gone, or going; a workspace's, its sandbox rows. The ids of usage_removed may stand in the
// journal still.
constexpr std::string_view kRetention = R"sql(
ALTER TABLE usage_index ADD COLUMN rows_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN rows_from INTEGER NOT NULL DEFAULT 0;
CREATE TABLE usage_splits (
  key_number INTEGER NOT NULL, workspace_id TEXT NOT NULL, environment TEXT NOT NULL,
  at INTEGER NOT NULL, part INTEGER NOT NULL CHECK (part IN (0, 1)),
  requests INTEGER NOT NULL, tokens INTEGER NOT NULL, cost INTEGER NOT NULL,
  PRIMARY KEY (key_number, workspace_id, environment, at, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_removed (id INTEGER PRIMARY KEY) STRICT;
)sql";

constexpr std::array kMigrations{
    sql::Migration{.version = 1, .name = "keys, usage, audit", .sql = kFirst},
    sql::Migration{.version = 2, .name = "limits of keys", .sql = kKeyLimits},
    sql::Migration{.version = 3, .name = "workspaces, balances, grants", .sql = kWorkspaces},
    sql::Migration{.version = 4, .name = "flags of usage rows", .sql = kUsageFlags},
    sql::Migration{.version = 5, .name = "test time of usage rows", .sql = kTestTime},
    sql::Migration{.version = 6, .name = "route decision of usage rows", .sql = kDecision},
    sql::Migration{.version = 7, .name = "people, sessions, invitations", .sql = kPeople},
    sql::Migration{.version = 8, .name = "catalogue, profiles", .sql = kCatalogue},
    sql::Migration{.version = 9, .name = "audit rows by time", .sql = kAuditTimes},
    sql::Migration{
        .version = 10, .name = "what large installations look for", .sql = kLargeInstallations},
    sql::Migration{.version = 11, .name = "latencies of aggregates", .sql = kLatencies},
    sql::Migration{.version = 12, .name = "identities, password resets", .sql = kIdentities},
    sql::Migration{.version = 13, .name = "models of hours", .sql = kModelsOfHours},
    sql::Migration{.version = 14, .name = "retention of usage rows", .sql = kRetention},
};

}  // namespace

std::span<const sql::Migration> migrations() { return kMigrations; }

Status migrate(sql::Connection& connection) { return sql::migrate(connection, migrations()); }

}  // namespace tollgate::store
