#include "cli/admin_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace tollgate::cli {
namespace {

constexpr std::string_view kKeyIdPrefix = "key_";
constexpr std::string_view kWorkspaceIdPrefix = "ws_";
constexpr std::string_view kProfileIdPrefix = "prof_";

Error unreadable() {
  return {.code = ErrorCode::kInternal,
          .message =
              "The server's answer is not the JSON that was expected. Are the client and the "
              "server of the same version?"};
}

Outcome<std::string> id_of(const json::value& entry) {
  const json::object* object = entry.if_object();
  const json::value* id = object == nullptr ? nullptr : object->if_contains("id");
  if (id == nullptr || !id->is_string()) return failed(unreadable());
  return std::string(id->get_string());
}

// Where the server of this data directory is reached from this machine: where it says that it
// listens (server/server.cc), else where one with these settings would.
std::string local_base_url(const Settings& settings) {
  HttpUrl url{.scheme = settings.tls.enabled() ? UrlScheme::kHttps : UrlScheme::kHttp,
              .host = settings.listen.host,
              .port = settings.listen.port,
              .path = {},
              .userinfo = {}};
  std::ifstream file(settings.data + "/admin.address");
  std::string told;
  if (std::getline(file, told)) url = parse_http_url(told).value_or(url);
  if (url.host == "0.0.0.0" || url.host == "::") url.host = "127.0.0.1";
  return url.text();
}

Outcome<AdminTarget> url_target(const std::string& text, const Terminal& terminal) {
  auto url = parse_http_url(text);
  if (!url) return misused(fmt::format("--url {}.", url.error().message));
  if (!url->userinfo.empty()) {
    return misused("--url must not hold a password; put a management key into TOLLGATE_ADMIN_KEY.");
  }
  const std::string key = terminal.environment("TOLLGATE_ADMIN_KEY").value_or("");
  if (key.empty()) {
    return misused(
        "--url needs a management key in the environment: TOLLGATE_ADMIN_KEY=… tollgate …; on the "
        "server's own machine, --data DIR needs none.");
  }
  const bool visible =
      std::ranges::all_of(key, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (!visible) return misused("TOLLGATE_ADMIN_KEY holds a blank or a line end.");
  return AdminTarget{.data = {}, .url = std::move(*url), .key = Secret(key)};
}

}  // namespace

AdminSession::AdminSession(AdminTarget target, std::string workspace, std::string base_url)
    : client_(std::move(target)),
      workspace_(std::move(workspace)),
      base_url_(std::move(base_url)) {}

Outcome<AdminSession> AdminSession::open(const ConnectionFlags& flags, const Terminal& terminal) {
  if (flags.url) {
    auto target = url_target(*flags.url, terminal);
    if (!target) return std::unexpected(target.error());
    std::string base_url = target->url->text();
    return AdminSession(std::move(*target), flags.workspace, std::move(base_url));
  }
  const Settings settings = load_sound_settings({.data = flags.data}, terminal.environment);
  return AdminSession({.data = settings.data, .url = {}, .key = {}}, flags.workspace,
                      local_base_url(settings));
}

std::string AdminSession::target(std::string_view path, QueryParameters query) const {
  if (!workspace_.empty()) query.emplace_back("workspace", workspace_);
  std::string out(path);
  for (std::size_t i = 0; i < query.size(); ++i) {
    out +=
        fmt::format("{}{}={}", i == 0 ? '?' : '&', query[i].first, percent_encode(query[i].second));
  }
  return out;
}

Outcome<json::object> AdminSession::document(const AdminRequest& request) const {
  const auto answer = client_.send(request);
  if (!answer) return failed(answer.error());
  if (answer->status < 200 || answer->status > 299) return refused(answer->status, answer->body);
  auto parsed = parse_json(answer->body);
  if (!parsed || !parsed->is_object()) return failed(unreadable());
  return std::move(parsed->get_object());
}

Outcome<json::object> AdminSession::get(std::string_view path, const QueryParameters& query) const {
  return document({.target = target(path, query)});
}

Outcome<json::object> AdminSession::call(std::string_view method, std::string_view path,
                                         const std::optional<json::object>& body,
                                         const QueryParameters& query) const {
  return document({.method = std::string(method),
                   .target = target(path, query),
                   .body = body ? json::serialize(*body) : std::string()});
}

Outcome<json::object> AdminSession::post(std::string_view path, std::string body) const {
  return document({.method = "POST", .target = target(path, {}), .body = std::move(body)});
}

Outcome<json::object> AdminSession::list(std::string_view path, const QueryParameters& query,
                                         std::int64_t limit) const {
  json::array entries;
  json::value cursor;
  for (;;) {
    const std::int64_t missing = limit - static_cast<std::int64_t>(entries.size());
    QueryParameters page_query = query;
    page_query.emplace_back("limit", std::to_string(std::min(missing, kPageLimit)));
    if (cursor.is_string()) page_query.emplace_back("cursor", cursor.get_string());
    auto page = get(path, page_query);
    if (!page) return page;
    json::value* data = page->if_contains("data");
    json::value* next = page->if_contains("next_cursor");
    if (data == nullptr || !data->is_array() || next == nullptr) return failed(unreadable());
    const bool empty_page = data->get_array().empty();
    for (json::value& entry : data->get_array()) entries.push_back(std::move(entry));
    cursor = std::move(*next);
    // An empty page that has a successor would be asked for again for ever.
    const bool more = cursor.is_string() && !empty_page;
    if (!more || static_cast<std::int64_t>(entries.size()) >= limit) break;
  }
  return json::object{{"data", std::move(entries)}, {"next_cursor", std::move(cursor)}};
}

Outcome<void> AdminSession::csv(std::string_view path, const QueryParameters& query,
                                const AdminClient::Sink& sink) const {
  const auto answer = client_.stream({.target = target(path, query), .accept = "text/csv"}, sink);
  if (!answer) return failed(answer.error());
  if (answer->status != 200) return refused(answer->status, answer->body);
  return {};
}

Outcome<json::array> AdminSession::named(std::string_view path, std::string_view name) const {
  const auto page = get(path, {{"name", std::string(name)}});
  if (!page) return std::unexpected(page.error());
  const json::value* data = page->if_contains("data");
  if (data == nullptr || !data->is_array()) return failed(unreadable());
  return data->get_array();
}

Outcome<std::string> AdminSession::key_id(std::string_view id_or_name) const {
  if (id_or_name.starts_with(kKeyIdPrefix)) return std::string(id_or_name);
  const auto found = named("/admin/v1/keys", id_or_name);
  if (!found) return std::unexpected(found.error());
  if (found->empty()) {
    return failed({.code = ErrorCode::kNotFound,
                   .message = "There is no unrevoked key of this name. `tollgate keys list` shows "
                              "the keys there are."});
  }
  if (found->size() > 1) {
    return failed({.code = ErrorCode::kConflict,
                   .message = "Several workspaces have a key of this name. Say which with "
                              "--workspace, or give the key's id."});
  }
  return id_of(found->front());
}

Outcome<std::string> AdminSession::workspace_id(std::string_view id_or_name) const {
  if (id_or_name.starts_with(kWorkspaceIdPrefix)) return std::string(id_or_name);
  const auto found = named("/admin/v1/workspaces", id_or_name);
  if (!found) return std::unexpected(found.error());
  if (found->empty()) {
    return failed({.code = ErrorCode::kNotFound,
                   .message = "There is no workspace of this name. `tollgate workspaces list` "
                              "shows the workspaces there are."});
  }
  return id_of(found->front());
}

Outcome<std::string> AdminSession::profile_id(std::string_view id_or_name) const {
  if (id_or_name.starts_with(kProfileIdPrefix)) return std::string(id_or_name);
  const auto found = named("/admin/v1/profiles", id_or_name);
  if (!found) return std::unexpected(found.error());
  if (found->empty()) {
    return failed({.code = ErrorCode::kNotFound,
                   .message = "There is no profile of this name. `tollgate profiles list` shows "
                              "the profiles there are."});
  }
  if (found->size() > 1) {
    return failed({.code = ErrorCode::kConflict,
                   .message = "Several workspaces have a profile of this name. Say which with "
                              "--workspace, or give the profile's id."});
  }
  return id_of(found->front());
}

}  // namespace tollgate::cli
