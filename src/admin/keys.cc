#include "admin/keys.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/access.h"
#include "admin/json_fields.h"
#include "admin/key_json.h"
#include "admin/key_request.h"
#include "admin/request_body.h"
#include "admin/sessions.h"
#include "sql/connection.h"

namespace tollgate {

namespace {

// The key that the path names, within the caller's workspace.
Result<KeyView> visible_key(const AdminCall& call) {
  return call.context.ledger.key(KeyId(call.id), call.workspace);
}

// The same, for a caller who wants to change it. Takes `workspace` for granted: a key never moves.
Result<KeyView> manageable_key(const AdminCall& call) {
  auto view = visible_key(call);
  if (!view) return view;
  if (auto allowed = may_manage(call.by, view->key); !allowed) {
    return std::unexpected(allowed.error());
  }
  return view;
}

// A new secret of the key that the path names, as it is asked for.
struct SecretRequest {
  KeyId key;
  std::string_view body;  // the exchange's own
  std::optional<Idempotency> idempotency;
};

Task<Result<SecretRequest>> read_secret_request(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto view = manageable_key(call);
  if (!view) co_return std::unexpected(view.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto idempotency = idempotency_of(call.exchange.head(), call.by, *body);
  if (!idempotency) co_return std::unexpected(idempotency.error());
  co_return SecretRequest{
      .key = view->key.id, .body = *body, .idempotency = std::move(*idempotency)};
}

// A changed key with its counters.
KeyView counted_view(const AdminCall& call, const Key& key) {
  const Ledger& ledger = call.context.ledger;
  WallTime now = call.context.clock.wall();
  if (const auto workspace = ledger.workspace(key.workspace, std::nullopt)) {
    now = workspace_time(*workspace, key.policy.environment, now);
  }
  return view_with_counters(key, ledger.key(key.id, std::nullopt).value_or(KeyView()), now);
}

net::Response answer_with_secret(const AdminCall& call, const KeyWithSecret& made) {
  const KeyView view = counted_view(call, made.key);
  net::Response response;
  if (made.secret) {
    response.body = render_key(view, *made.secret);
  } else {
    response.body = render_key(view);
    response.fields.emplace_back("Idempotent-Replayed", "true");
  }
  return response;
}

// The workspaces to look in.
Result<std::vector<WorkspaceId>> searched_workspaces(const Ledger& ledger,
                                                     const std::optional<WorkspaceId>& workspace) {
  if (workspace) return std::vector{*workspace};
  std::vector<WorkspaceId> ids;
  Ledger::WorkspaceQuery query{.limit = Ledger::kWorkspacePageMax};
  do {
    const auto page = ledger.list_workspaces(query);
    if (!page) return std::unexpected(page.error());
    for (const Workspace& one : page->workspaces) ids.push_back(one.id);
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  return ids;
}

std::optional<Ledger::KeySort> sort_from_name(std::string_view name) {
  using enum Ledger::KeySort;
  if (name == "created") return kCreated;
  if (name == "name") return kName;
  if (name == "last_used") return kLastUsed;
  if (name == "requests") return kRequests;
  if (name == "errors") return kErrors;
  if (name == "error_rate") return kErrorRate;
  return std::nullopt;
}

std::optional<Ledger::SortOrder> order_from_name(std::string_view name) {
  if (name == "asc") return Ledger::SortOrder::kAscending;
  if (name == "desc") return Ledger::SortOrder::kDescending;
  return std::nullopt;
}

Status take_order(Query& query, Ledger::KeyQuery& into) {
  const auto sort = query.take_named("sort", sort_from_name);
  if (!sort) return std::unexpected(sort.error());
  const auto order = query.take_named("order", order_from_name);
  if (!order) return std::unexpected(order.error());
  into.sort = sort->value_or(Ledger::KeySort::kCreated);
  const bool up = into.sort == Ledger::KeySort::kName;
  into.order = order->value_or(up ? Ledger::SortOrder::kAscending : Ledger::SortOrder::kDescending);
  return {};
}

// Which keys, whatever their status.
Status take_filters(Query& query, Ledger::KeyQuery& into) {
  const auto environment = query.take_named("environment", environment_from_name);
  if (!environment) return std::unexpected(environment.error());
  const auto type = query.take_named("type", key_type_from_name);
  if (!type) return std::unexpected(type.error());
  into.environment = *environment;
  into.type = *type;
  into.search = query.take("search").value_or("");
  into.tag = query.take("tag").value_or("");
  return {};
}

}  // namespace

Result<std::vector<KeyView>> keys_named(const Ledger& ledger,
                                        const std::optional<WorkspaceId>& workspace,
                                        const std::string& name) {
  const auto workspaces = searched_workspaces(ledger, workspace);
  if (!workspaces) return std::unexpected(workspaces.error());
  std::vector<KeyView> found;
  for (const WorkspaceId& one : *workspaces) {
    auto view = ledger.key_by_name(one, name);
    if (view) {
      found.push_back(std::move(*view));
    } else if (view.error().code != ErrorCode::kNotFound) {
      return std::unexpected(view.error());
    }
  }
  return found;
}

Result<KeyListRequest> parse_key_list(Query& query, std::optional<WorkspaceId> workspace) {
  KeyListRequest request;
  request.query.workspace = std::move(workspace);
  request.name = query.take("name").value_or("");
  const auto limit = query.take_limit();
  if (!limit) return std::unexpected(limit.error());
  request.query.limit = *limit;
  if (!request.name.empty()) {
    if (auto known = query.finish(); !known) {
      return fail(ErrorCode::kInvalidRequest, "Send `name` alone, or leave it out.");
    }
    return request;
  }
  const auto status = query.take_named("status", key_status_from_name);
  if (!status) return std::unexpected(status.error());
  request.query.status = *status;
  if (auto taken = take_filters(query, request.query); !taken) {
    return std::unexpected(taken.error());
  }
  if (auto taken = take_order(query, request.query); !taken) return std::unexpected(taken.error());
  request.query.cursor = query.take("cursor").value_or("");
  if (auto known = query.finish(); !known) return std::unexpected(known.error());
  return request;
}

Task<Result<net::Response>> list_keys(AdminCall& call) {
  const auto request = parse_key_list(call.query, call.workspace);
  if (!request) co_return std::unexpected(request.error());
  // A walk over all keys is no work for the thread that relays requests, nor is a long page.
  std::function<Result<std::string>(sql::Connection&)> work =
      [&ledger = call.context.ledger, workspace = call.workspace, name = request->name,
       query = request->query](sql::Connection&) -> Result<std::string> {
    Ledger::KeyPage page;
    if (name.empty()) {
      auto listed = ledger.list_keys(query);
      if (!listed) return std::unexpected(listed.error());
      page = std::move(*listed);
    } else {
      auto named = keys_named(ledger, workspace, name);
      if (!named) return std::unexpected(named.error());
      page.keys = std::move(*named);
    }
    std::vector<std::string> rows;
    rows.reserve(page.keys.size());
    for (const auto& view : page.keys) rows.push_back(render_key(view));
    return page_json(rows, page.next_cursor);
  };
  auto body = co_await call.context.ledger.read_facts(std::move(work));
  if (!body) co_return std::unexpected(body.error());
  co_return json_answer(std::move(*body));
}

Task<Result<net::Response>> count_keys(AdminCall& call) {
  Ledger::KeyQuery query{.workspace = call.workspace};
  if (auto taken = take_filters(call.query, query); !taken) {
    co_return std::unexpected(taken.error());
  }
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  std::function<Result<Ledger::KeyCounts>(sql::Connection&)> work =
      [&ledger = call.context.ledger, query = std::move(query)](sql::Connection&) {
        return Result<Ledger::KeyCounts>(ledger.count_keys(query));
      };
  const auto counts = co_await call.context.ledger.read_facts(std::move(work));
  if (!counts) co_return std::unexpected(counts.error());
  JsonFields fields;
  for (const KeyStatus status : {KeyStatus::kActive, KeyStatus::kLimited, KeyStatus::kDisabled,
                                 KeyStatus::kExpired, KeyStatus::kRevoked}) {
    const auto found = counts->find(status);
    fields.number(key_status_name(status), found == counts->end() ? 0 : found->second);
  }
  co_return json_answer(fields.finish());
}

Task<Result<net::Response>> create_key(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  auto idempotency = idempotency_of(call.exchange.head(), call.by, *body);
  if (!idempotency) co_return std::unexpected(idempotency.error());
  const Money credit_value = call.context.options()->credit_value;
  auto policy = parse_key_create(*body, call.context.clock.wall(), credit_value);
  if (!policy) co_return std::unexpected(policy.error());
  if (auto allowed = may_grant(call.by, *policy); !allowed) {
    co_return std::unexpected(allowed.error());
  }
  const WorkspaceId workspace = one_workspace(call);
  auto made = co_await call.context.ledger.create_key(call.by, workspace, std::move(*policy),
                                                      std::move(*idempotency));
  if (!made) co_return std::unexpected(made.error());
  net::Response response = answer_with_secret(call, *made);
  response.status = 201;
  response.fields.emplace_back("Location",
                               std::string(kAdminPrefix) + "keys/" + made->key.id.get());
  co_return response;
}

Task<Result<net::Response>> get_key(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto view = visible_key(call);
  if (!view) co_return std::unexpected(view.error());
  co_return json_answer(render_key(*view));
}

Task<Result<net::Response>> update_key(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto view = manageable_key(call);
  if (!view) co_return std::unexpected(view.error());
  const auto body = co_await read_json_body(call);
  if (!body) co_return std::unexpected(body.error());
  const WallTime now = call.context.clock.wall();
  const Money credit_value = call.context.options()->credit_value;
  const auto patch = parse_key_patch(*body, view->key.policy, now, credit_value);
  if (!patch) co_return std::unexpected(patch.error());
  // On the writer thread, over the policy as it stands then.
  Ledger::PolicyEdit edit = [patch = *patch, by = call.by, now](KeyPolicy& policy) -> Status {
    if (auto sound = apply_key_patch(patch, policy, now); !sound) return sound;
    return may_grant(by, policy);
  };
  const auto key = co_await call.context.ledger.update_key(call.by, view->key.id, std::move(edit));
  if (!key) co_return std::unexpected(key.error());
  co_return json_answer(render_key(counted_view(call, *key)));
}

Task<Result<net::Response>> rotate_key(AdminCall& call) {
  auto request = co_await read_secret_request(call);
  if (!request) co_return std::unexpected(request.error());
  const auto grace = parse_key_rotate(request->body);
  if (!grace) co_return std::unexpected(grace.error());
  const auto made = co_await call.context.ledger.rotate_key(call.by, request->key, *grace,
                                                            std::move(request->idempotency));
  if (!made) co_return std::unexpected(made.error());
  co_return answer_with_secret(call, *made);
}

Task<Result<net::Response>> mint_key_secret(AdminCall& call) {
  auto request = co_await read_secret_request(call);
  if (!request) co_return std::unexpected(request.error());
  if (auto sound = parse_key_secret(request->body); !sound) {
    co_return std::unexpected(sound.error());
  }
  const auto made = co_await call.context.ledger.mint_playground_secret(
      call.by, request->key, std::move(request->idempotency));
  if (!made) co_return std::unexpected(made.error());
  net::Response response;
  response.status = 201;
  response.body = render_key_secret(counted_view(call, made->key), made->minted, made->secret);
  if (!made->secret) response.fields.emplace_back("Idempotent-Replayed", "true");
  co_return response;
}

Task<Result<net::Response>> revoke_key(AdminCall& call) {
  const auto abort = call.query.take_truth("abort_inflight", Query::Truth::kFalse);
  if (!abort) co_return std::unexpected(abort.error());
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto view = manageable_key(call);
  if (!view) co_return std::unexpected(view.error());
  const Ledger::RevokeOptions options{.abort_inflight = *abort == Query::Truth::kTrue};
  const auto key = co_await call.context.ledger.revoke_key(call.by, view->key.id, options);
  if (!key) co_return std::unexpected(key.error());
  co_return json_answer(render_key(counted_view(call, *key)));
}

}  // namespace tollgate
