#include "admin/usage.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "admin/json_fields.h"
#include "admin/usage_fields.h"
#include "domain/usage_row_fields.h"
#include "ledger/ledger.h"
#include "sql/connection.h"

namespace tollgate {

namespace {

std::optional<store::UsageGroup> group_from_name(std::string_view name) {
  if (name == "key") return store::UsageGroup::kKey;
  if (name == "model") return store::UsageGroup::kModel;
  if (name == "day") return store::UsageGroup::kDay;
  return std::nullopt;
}

std::optional<UsageRequest::Format> format_from_name(std::string_view name) {
  if (name == "json") return UsageRequest::Format::kJson;
  if (name == "csv") return UsageRequest::Format::kCsv;
  return std::nullopt;
}

// Numbers of every key that has the name, revoked ones too, or of the one with the id. A key that
// is not there, or not the caller's to see, is kNotFound.
Task<Result<std::vector<std::int64_t>>> numbers_of(AdminCall& call, std::string key) {
  const Ledger& ledger = call.context.ledger;
  if (const auto view = ledger.key(KeyId(key), call.workspace)) {
    co_return std::vector{view->key.number};
  }
  std::function<Result<std::vector<std::int64_t>>(sql::Connection&)> work =
      [&ledger, key = std::move(key), workspace = call.workspace](sql::Connection&) {
        return Result<std::vector<std::int64_t>>(ledger.key_numbers(key, workspace));
      };
  auto numbers = co_await call.context.ledger.read_facts(std::move(work));
  if (!numbers || !numbers->empty()) co_return numbers;
  co_return std::unexpected(Error{.code = ErrorCode::kNotFound,
                                  .message = "There is no key with this id or name.",
                                  .param = "key"});
}

// A page as text, written on the reader's thread: a long one is no work for the thread that relays
// requests.
struct WrittenPage {
  std::string text;
  int rows = 0;
  std::string next_cursor;
};

Task<Result<WrittenPage>> read_page(AdminCall& call, store::UsageQuery query,
                                    UsageRequest::Format format) {
  std::function<Result<WrittenPage>(sql::Connection&)> work =
      [query = std::move(query), format](sql::Connection& connection) -> Result<WrittenPage> {
    const auto page = store::list_usage(connection, query);
    if (!page) return std::unexpected(page.error());
    WrittenPage written{
        .text = {}, .rows = static_cast<int>(page->rows.size()), .next_cursor = page->next_cursor};
    if (format == UsageRequest::Format::kCsv) {
      for (const auto& row : page->rows) written.text += usage_csv_line(row);
      return written;
    }
    std::vector<std::string> rows;
    rows.reserve(page->rows.size());
    for (const auto& row : page->rows) rows.push_back(render_usage_row(row));
    written.text = page_json(rows, page->next_cursor);
    return written;
  };
  co_return co_await call.context.ledger.read(std::move(work));
}

net::Response csv_response(std::string body) {
  net::Response response = json_answer(std::move(body));
  response.content_type = "text/csv; charset=utf-8";
  response.fields.emplace_back("Content-Disposition", "attachment; filename=\"usage.csv\"");
  return response;
}

std::string write_totals(const std::vector<store::UsageTotal>& totals, store::UsageGroup group,
                         UsageRequest::Format format) {
  if (format == UsageRequest::Format::kCsv) {
    std::string text = usage_total_csv_header(group);
    for (const auto& total : totals) text += usage_total_csv_line(total, group);
    return text;
  }
  std::vector<std::string> rows;
  rows.reserve(totals.size());
  for (const auto& total : totals) rows.push_back(render_usage_total(total, group));
  return page_json(rows, "");
}

Task<Result<net::Response>> answer_totals(AdminCall& call, UsageRequest request) {
  std::function<Result<std::string>(sql::Connection&)> work =
      [query = std::move(request.query), group = *request.group,
       format = request.format](sql::Connection& connection) -> Result<std::string> {
    const auto totals = store::usage_totals(connection, query, group);
    if (!totals) return std::unexpected(totals.error());
    return write_totals(*totals, group, format);
  };
  auto text = co_await call.context.ledger.read(std::move(work));
  if (!text) co_return std::unexpected(text.error());
  co_return request.format == UsageRequest::Format::kCsv ? csv_response(std::move(*text))
                                                         : json_answer(std::move(*text));
}

int page_limit(const UsageRequest& request, int rows_sent) {
  return request.rows_max ? std::min(*request.rows_max - rows_sent, kPageLimitMax) : kPageLimitMax;
}

// One page is read, written and forgotten before the next: the export holds a page, however long it
// is, and goes no faster than the client reads. A failure midway cuts the connection, so that half
// an export is never taken for a whole one.
Task<Result<net::Response>> stream_csv(AdminCall& call, UsageRequest request) {
  int rows_sent = 0;
  request.query.limit = page_limit(request, rows_sent);
  auto page = co_await read_page(call, request.query, request.format);
  if (!page) co_return std::unexpected(page.error());
  net::Response head = csv_response(usage_csv_header());
  add_common_fields(head, call.request_id);
  auto alive = co_await call.exchange.start_stream(std::move(head));
  while (alive) {
    const std::string lines = std::move(page->text);
    rows_sent += page->rows;
    request.query.cursor = page->next_cursor;
    request.query.limit = page_limit(request, rows_sent);
    const bool last = request.query.cursor.empty() || request.query.limit <= 0;
    alive = last ? co_await call.exchange.finish(lines) : co_await call.exchange.write(lines);
    if (last) break;
    page = co_await read_page(call, request.query, request.format);
    if (!page) {
      call.exchange.abort_stream();
      co_return std::unexpected(page.error());
    }
  }
  if (!alive) co_return std::unexpected(alive.error());
  co_return net::Response();
}

}  // namespace

Result<UsageRequest> parse_usage_request(Query& query, const net::FieldList& head,
                                         std::optional<WorkspaceId> workspace) {
  UsageRequest request;
  request.query.workspace = std::move(workspace);
  request.key = query.take("key").value_or("");
  request.query.model = query.take("model").value_or("");
  request.query.cursor = query.take("cursor").value_or("");
  const auto from = query.take_time("from", Query::Bound::kFrom);
  if (!from) return std::unexpected(from.error());
  const auto to = query.take_time("to", Query::Bound::kTo);
  if (!to) return std::unexpected(to.error());
  request.query.from = *from;
  request.query.to = *to;
  const auto status = query.take_named("status", store::usage_status_from_name);
  if (!status) return std::unexpected(status.error());
  request.query.status = status->value_or(store::UsageStatus());
  const auto group = query.take_named("group_by", group_from_name);
  if (!group) return std::unexpected(group.error());
  request.group = *group;
  if (*group && *status) {
    return std::unexpected(
        Query::bad_parameter("status", "does not go with `group_by`: totals tell errors apart"));
  }
  const auto format = query.take_named("format", format_from_name);
  if (!format) return std::unexpected(format.error());
  const bool csv_accepted = head.find("accept").starts_with("text/csv");
  request.format =
      format->value_or(csv_accepted ? UsageRequest::Format::kCsv : UsageRequest::Format::kJson);
  const bool limited = query.has("limit");
  const auto limit = query.take_limit();
  if (!limit) return std::unexpected(limit.error());
  request.query.limit = *limit;
  if (limited) request.rows_max = *limit;
  if (auto known = query.finish(); !known) return std::unexpected(known.error());
  if (request.query.from && request.query.to && *request.query.from > *request.query.to) {
    return std::unexpected(Query::bad_parameter("from", "must not lie after `to`"));
  }
  return request;
}

Task<Result<net::Response>> list_usage(AdminCall& call) {
  auto request = parse_usage_request(call.query, call.exchange.head(), call.workspace);
  if (!request) co_return std::unexpected(request.error());
  if (!request->key.empty()) {
    auto numbers = co_await numbers_of(call, request->key);
    if (!numbers) co_return std::unexpected(numbers.error());
    request->query.keys = std::move(*numbers);
  }
  if (request->group) co_return co_await answer_totals(call, std::move(*request));
  if (request->format == UsageRequest::Format::kCsv) {
    co_return co_await stream_csv(call, std::move(*request));
  }
  auto page = co_await read_page(call, std::move(request->query), request->format);
  if (!page) co_return std::unexpected(page.error());
  co_return json_answer(std::move(page->text));
}

Task<Result<net::Response>> get_usage(AdminCall& call) {
  if (auto known = call.query.finish(); !known) co_return std::unexpected(known.error());
  const auto unknown = fail(ErrorCode::kNotFound, "There is no row with this id.");
  const auto id = parse_generation_id(call.id);
  if (!id) co_return unknown;
  std::function<Result<UsageRow>(sql::Connection&)> work = [id = *id](sql::Connection& connection) {
    return store::get_usage(connection, id);
  };
  const auto row = co_await call.context.ledger.read(std::move(work));
  if (!row) co_return std::unexpected(row.error());
  if (call.workspace && row->workspace != *call.workspace) co_return unknown;
  co_return json_answer(render_usage_row(*row));
}

}  // namespace tollgate
