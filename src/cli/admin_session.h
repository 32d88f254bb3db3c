// One command's dealings with the admin API: finds the server, adds the workspace, follows cursors,
// turns names into ids. Every subcommand that needs a server uses it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/admin_client.h"
#include "cli/cli.h"
#include "cli/outcome.h"

namespace tollgate::cli {

// The flags that every such subcommand has.
struct ConnectionFlags {
  std::optional<std::string> data;
  std::optional<std::string> url;
  std::string workspace;
};

inline constexpr std::int64_t kPageLimit = 1'000;  // the API's largest page

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

class AdminSession {
 public:
  // The socket of --data, or --url with TOLLGATE_ADMIN_KEY, or else the socket of the directory
  // that TOLLGATE_DATA or ./tollgate.yaml names, or ./data.
  static Outcome<AdminSession> open(const ConnectionFlags& flags, const Terminal& terminal);

  // The document of a 2xx answer.
  Outcome<json::object> get(std::string_view path, const QueryParameters& query = {}) const;
  Outcome<json::object> call(std::string_view method, std::string_view path,
                             const std::optional<json::object>& body,
                             const QueryParameters& query = {}) const;
  // POST of a body that is JSON already.
  Outcome<json::object> post(std::string_view path, std::string body) const;
  // {"data", "next_cursor"} with up to `limit` entries, over as many pages as that takes.
  Outcome<json::object> list(std::string_view path, const QueryParameters& query,
                             std::int64_t limit) const;
  // Hands the CSV of `path` to the sink as it arrives.
  Outcome<void> csv(std::string_view path, const QueryParameters& query,
                    const AdminClient::Sink& sink) const;

  // The id of the unrevoked key of that name; text that begins with "key_" is an id already.
  Outcome<std::string> key_id(std::string_view id_or_name) const;

  // The id of the workspace of that name; text that begins with "ws_" is an id already.
  Outcome<std::string> workspace_id(std::string_view id_or_name) const;

  // The id of the profile of that name; text that begins with "prof_" is an id already.
  Outcome<std::string> profile_id(std::string_view id_or_name) const;

  // Where clients of the data plane find this server, e.g. "http://127.0.0.1:8080".
  const std::string& base_url() const { return base_url_; }

 private:
  AdminSession(AdminTarget target, std::string workspace, std::string base_url);
  std::string target(std::string_view path, QueryParameters query) const;
  Outcome<json::object> document(const AdminRequest& request) const;
  // What of the list has exactly this name.
  Outcome<json::array> named(std::string_view path, std::string_view name) const;

  AdminClient client_;
  std::string workspace_;
  std::string base_url_;
};

}  // namespace tollgate::cli
