// What the command line said: one struct that all subcommands fill, since only one of them runs.
// cli/ binds the options to it (cli/options.h) and the commands read it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/admin_session.h"
#include "cli/cli.h"
#include "cli/limit_flags.h"
#include "cli/outcome.h"
#include "cli/table.h"

namespace tollgate::cli {

inline constexpr std::int64_t kListLimit = 100;  // entries, unless --limit says otherwise

enum class Output { kTable, kJson };

// The fields of a key, for create and update. An empty text clears the field on update.
struct KeyFlags {
  std::optional<std::string> name, description, icon, environment, type, role, region, expires,
      enforcement;
  std::optional<std::vector<std::string>> models, allowed_ips, tags;
  LimitFlags limits;
  std::optional<bool> prefer_low_carbon;
  bool no_expiry = false;
  bool no_limits = false;
  bool disabled = false;
};

// Which entries of a list, and how many.
struct ListFlags {
  std::optional<std::int64_t> limit;
  std::optional<std::string> search, status, environment, type, tag, sort, order;
};

struct UsageFlags {
  std::optional<std::string> row, by, key, model, status, from, to;
  bool csv = false;
};

struct AuditFlags {
  std::optional<std::string> action, actor, object, from, to;
};

// What is to be explained.
struct ExplainFlags {
  std::string key = {};     // ID or NAME
  std::string prompt = {};  // empty: a greeting
  std::optional<std::string> model = {}, file = {}, route = {}, region = {};
  std::optional<std::int64_t> max_tokens = {};
};

struct WorkspaceFlags {
  std::string workspace = {};  // ID or NAME
  std::optional<std::string> name = {};
  std::optional<std::string> balance = {};
  LimitFlags limits = {};
  bool no_limits = false;
  std::optional<std::string> amount = {};  // of a grant
  std::optional<std::string> deduct = {};
  std::optional<std::string> note = {};
  std::optional<std::string> advance = {};  // of a test clock
  std::optional<std::string> to = {};
};

struct UserFlags {
  std::string user = {};  // EMAIL or ID
  std::optional<std::string> role = {};
};

struct ProviderFlags {
  std::string id = {};
  std::optional<std::string> preset = {}, dialect = {}, base_url = {}, api_version = {},
                             responses = {}, region = {};
  std::optional<std::string> api_key_env = {};  // the variable that holds it
  bool api_key_stdin = false;
  bool no_api_key = false;
  std::optional<std::vector<std::string>> headers = {};  // "Name: value"
  std::optional<std::vector<std::string>> models = {};   // of the preset
  bool all_models = false;
  std::optional<bool> allow_private = {};
  std::optional<std::string> from = {};   // FILE of JSON, or - for standard input
  std::optional<std::string> model = {};  // to test with
};

struct ModelFlags {
  std::string id = {};
  std::optional<std::string> provider = {}, upstream = {}, region = {}, max_tokens_field = {};
  std::optional<std::int64_t> context_window = {}, max_output_tokens = {};
  std::vector<std::pair<std::string, std::string>> prices = {};  // the API's name, USD
  std::optional<std::string> name = {}, kind = {}, tier = {};
  std::optional<std::int64_t> quality = {}, tool_calling = {};
  std::optional<std::vector<std::string>> has = {}, lacks = {};  // capabilities
  std::string file = {};                                         // to import
  bool only_known = false;
  std::string target = {};  // of an alias
};

struct ProfileFlags {
  std::string profile = {};  // ID or NAME
  std::optional<std::string> name = {}, description = {}, strategy = {}, tier_floor = {},
                             tier_ceiling = {}, cost_cap = {}, region = {}, environment = {};
  std::optional<std::vector<std::string>> order = {}, models = {}, allow = {}, deny = {};
  std::optional<std::int64_t> min_tool_calling = {};
  std::optional<bool> honor_model = {};
};

struct Flags {
  Output output = Output::kTable;
  ConnectionFlags connection;
  CommandLine serve;
  std::string key;  // ID or NAME
  KeyFlags fields;
  ListFlags list;
  UsageFlags usage;
  AuditFlags audit;
  ExplainFlags explain;
  WorkspaceFlags workspace;
  UserFlags user;
  ProviderFlags provider;
  ModelFlags model;
  ProfileFlags profile;
  std::string grace;
  bool abort_inflight = false;
};

// What a subcommand is run with.
struct Invocation {
  const Terminal& terminal;
  const ServeFunction& serve;
  Flags flags = {};
  std::function<Outcome<void>(const Invocation&)> command = {};

  // Prints one JSON document, and a line end.
  void print_json(const json::object& document) const;
  // Prints the table, or `when_empty`; says on standard error when the page is not the whole list.
  void print_table(const Table& table, const json::object& page, std::string_view when_empty) const;
  std::int64_t list_limit() const { return flags.list.limit.value_or(kListLimit); }
};

using Command = Outcome<void> (*)(const Invocation&);

}  // namespace tollgate::cli
