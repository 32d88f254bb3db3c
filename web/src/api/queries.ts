// Server state, one description per document: TanStack Query keeps nothing else.
import { type InfiniteData, infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { inPlaceOf, isInView, type RowsInView, WHOLE_PAGES_MAX } from "@/lib/long_list";
import type { AuditSearch, KeysSearch, Range, UsageSearch } from "@/lib/search";

import { api, send, unwrap } from "./client";
import type { AuditRow, Grant, Key, KeyOverview, Member, Overview, Page, UsageRow, UsageTotal, Workspace } from "./contract";

// Live events keep pages true; without them (a proxy that buffers, a gateway that restarts) this does.
export const POLL_MS = 5_000;

// The people of a workspace are few enough to be read as a whole.
const PEOPLE_PAGE = 1000;
const PEOPLE_PAGES_MAX = 10;

async function wholeList<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<Page<T>> {
  const data: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PEOPLE_PAGES_MAX && (page === 0 || cursor); page++) {
    const next: Page<T> = await read(cursor ?? undefined);
    data.push(...next.data);
    cursor = next.next_cursor;
  }
  return { data, next_cursor: cursor };
}

const nextCursor = (page: { next_cursor: string | null }) => page.next_cursor ?? undefined;

// The first page comes soon; who scrolls on reads larger ones.
const KEYS_FIRST = 100;
const KEYS_MORE = 500;
// What the list of keys shows at the moment: only there is a long one read again.
export const keysInView: RowsInView = { first: 0, last: 0 };

export const keysQuery = (workspace: string, { search, status, environment, type, tag, sort, order }: KeysSearch) =>
  infiniteQueryOptions({
    queryKey: ["keys", workspace, "list", { search, status, environment, type, tag, sort, order }],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal, client, queryKey }): Promise<Page<Key>> => {
      const known = client.getQueryData<InfiniteData<Page<Key>, string | undefined>>(queryKey);
      const pages = known && known.pages.length > WHOLE_PAGES_MAX ? known.pages : [];
      const at = pages.length > 0 ? known!.pageParams.indexOf(pageParam) : -1;
      if (at > 0 && !isInView(pages, at, keysInView)) return pages[at]!;
      const limit = pageParam === undefined ? KEYS_FIRST : KEYS_MORE;
      const page = await unwrap(
        api.GET("/admin/v1/keys", {
          params: { query: { workspace, search, status, environment, type, tag, sort, order, limit, cursor: pageParam } },
          signal,
        }),
      );
      return at < 0 ? page : inPlaceOf(pages, at, page);
    },
    getNextPageParam: nextCursor,
    placeholderData: keepPreviousData,
  });

// What a key is chosen from: those that are used most.
export const busiestKeysQuery = (workspace: string) =>
  queryOptions({
    queryKey: ["keys", workspace, "busiest"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/v1/keys", { params: { query: { workspace, sort: "requests", limit: 100 } }, signal })),
    staleTime: 30_000,
  });

// The first few keys that a text finds.
export const foundKeysQuery = (workspace: string, search: string, limit: number) =>
  queryOptions({
    queryKey: ["keys", workspace, "found", search, limit],
    queryFn: ({ signal }) => unwrap(api.GET("/admin/v1/keys", { params: { query: { workspace, search: search || undefined, limit } }, signal })),
    placeholderData: keepPreviousData,
  });

// How many keys each tab of the list has.
export const keyCountsQuery = (workspace: string, { search, environment, type, tag }: KeysSearch) =>
  queryOptions({
    queryKey: ["keys", workspace, "counts", { search, environment, type, tag }],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/v1/key-counts", { params: { query: { workspace, search, environment, type, tag } }, signal })),
    placeholderData: keepPreviousData,
  });

export const keyQuery = (workspace: string, id: string) =>
  queryOptions({
    queryKey: ["keys", workspace, "one", id],
    queryFn: ({ signal }): Promise<Key> =>
      unwrap(api.GET("/admin/v1/keys/{id}", { params: { path: { id }, query: { workspace } }, signal })),
  });

// Whether an unrevoked key of this name is there already.
export const keyNameQuery = (workspace: string, name: string) =>
  queryOptions({
    queryKey: ["keys", workspace, "named", name],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/v1/keys", { params: { query: { workspace, name, limit: 1 } }, signal })),
    select: (page) => page.data.length > 0,
    staleTime: 10_000,
  });

export const keyOverviewQuery = (workspace: string, id: string, range: Range) =>
  queryOptions({
    queryKey: ["keys", workspace, "overview", id, range],
    queryFn: ({ signal }) =>
      send<KeyOverview>("GET", `/admin/v1/keys/${id}/overview`, { query: { workspace, range }, signal }),
    placeholderData: keepPreviousData,
  });

export const overviewQuery = (workspace: string, range: Range) =>
  queryOptions({
    queryKey: ["overview", workspace, range],
    queryFn: ({ signal }) => send<Overview>("GET", "/admin/v1/overview", { query: { workspace, range }, signal }),
    placeholderData: keepPreviousData,
  });

type UsageFilter = Pick<UsageSearch, "key" | "model" | "from" | "to">;

export const usageQuery = (workspace: string, { key, model, status, from, to }: UsageFilter & Pick<UsageSearch, "status">, limit = 100) =>
  infiniteQueryOptions({
    queryKey: ["usage", workspace, "rows", { key, model, status, from, to, limit }],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/admin/v1/usage", {
          params: { query: { workspace, key, model, status, from, to, limit, cursor: pageParam } },
          signal,
        }),
      ) as Promise<Page<UsageRow>>,
    getNextPageParam: nextCursor,
    placeholderData: keepPreviousData,
  });

export const usageTotalsQuery = (workspace: string, group_by: "key" | "model" | "day", filter: UsageFilter) =>
  queryOptions({
    queryKey: ["usage", workspace, "totals", group_by, filter],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/admin/v1/usage", { params: { query: { workspace, group_by, ...filter } }, signal }),
      ) as Promise<Page<UsageTotal>>,
    placeholderData: keepPreviousData,
  });

export const modelsQuery = (workspace: string) =>
  queryOptions({
    queryKey: ["models", workspace],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/v1/models", { params: { query: { workspace, limit: 1000 } }, signal })),
    staleTime: 30_000,
  });

export const providersQuery = (workspace: string) =>
  queryOptions({
    queryKey: ["providers", workspace],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/v1/providers", { params: { query: { workspace, limit: 1000 } }, signal })),
  });

export const auditQuery = (workspace: string, { object, action, actor, from, to }: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ["audit", workspace, { object, action, actor, from, to }],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }): Promise<Page<AuditRow>> =>
      unwrap(
        api.GET("/admin/v1/audit", { params: { query: { workspace, object, action, actor, from, to, limit: 100, cursor: pageParam } }, signal }),
      ),
    getNextPageParam: nextCursor,
    placeholderData: keepPreviousData,
  });

export const membersQuery = (workspace: string) =>
  queryOptions({
    queryKey: ["members", workspace],
    queryFn: ({ signal }) => wholeList((cursor): Promise<Page<Member>> => unwrap(api.GET("/admin/v1/members", { params: { query: { workspace, limit: PEOPLE_PAGE, cursor } }, signal }))),
    staleTime: 30_000,
  });

export const workspacesQuery = queryOptions({
  queryKey: ["workspaces"],
  queryFn: ({ signal }): Promise<Page<Workspace>> =>
    unwrap(api.GET("/admin/v1/workspaces", { params: { query: { limit: 1000 } }, signal })),
  staleTime: 30_000,
});

export const workspaceQuery = (id: string) =>
  queryOptions({
    queryKey: ["workspace", id],
    queryFn: ({ signal }): Promise<Workspace> =>
      unwrap(
        api.GET("/admin/v1/workspaces/{id}", { params: { path: { id }, query: { workspace: id } }, signal }),
      ),
  });

export const grantsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["workspace", id, "grants"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }): Promise<Page<Grant>> =>
      unwrap(
        api.GET("/admin/v1/workspaces/{id}/grants", {
          params: { path: { id }, query: { workspace: id, limit: 100, cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: nextCursor,
  });
