// What happens in the workspace, as it happens: GET /admin/v1/events (server-sent events). Lists that
// show a key's counter move with it; where no stream can be had, pages ask every few seconds instead.
// A page that nobody looks at holds no stream: browsers give an origin six connections in all.
import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

import type { Key, LiveRequest, LiveUse, Page } from "@/api/contract";
import { keyQuery, POLL_MS } from "@/api/queries";
import { comesBackIn, dueAt, type Group, groupOf, withKey } from "@/lib/live_events";

import { sessionQuery } from "./session";

const FEED_MAX = 50;
// What no event tells of (a limit that turned, a key that expired) shows by then.
const CALM_MS = 30_000;
const HIDDEN_MS = 10_000;
const MOVED_MS = 250;
const MOVED_AT_ONCE = 8;

interface Live {
  connected: boolean;
  feed: LiveRequest[]; // newest first
}

const LiveContext = createContext<Live>({ connected: false, feed: [] });
export const useLive = () => useContext(LiveContext);
// What queries give as refetchInterval.
export const usePolling = () => (useLive().connected ? CALM_MS : POLL_MS);

const isList = (queryKey: readonly unknown[], workspace: string) => queryKey[0] === "keys" && queryKey[1] === workspace && queryKey[2] === "list";

// Keys in lists that events moved are read again one by one: what an event counts may be in the list
// already, so nothing is added up here.
function movedKeys(client: QueryClient, workspace: string) {
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lists = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => isList(queryKey, workspace) };
  const isShown = (id: string) =>
    client.getQueriesData<InfiniteData<Page<Key>>>(lists).some(([, list]) => list?.pages?.some(({ data }) => data.some((key) => key.id === id)));
  const read = async (id: string) => {
    const key = await client.fetchQuery({ ...keyQuery(workspace, id), staleTime: 0 });
    client.setQueriesData<InfiniteData<Page<Key>>>(lists, (list) => list && withKey(list, key));
  };
  return {
    moved(id: string) {
      if (!isShown(id)) return;
      waiting.add(id);
      timer ??= setTimeout(() => {
        timer = undefined;
        // Whatever else moved is read with the whole list soon.
        for (const one of [...waiting].slice(0, MOVED_AT_ONCE)) read(one).catch(() => undefined);
        waiting.clear();
      }, MOVED_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

// Reads again what events made stale, each group at its own pace.
function rereading(client: QueryClient, workspace: string) {
  const last: Record<Group, number> = { figures: 0, lists: 0, providers: 0 };
  const due = new Map<Group, number>();
  let keys: Set<string> | null = new Set(); // null: any
  let timer: ReturnType<typeof setTimeout> | undefined;
  const plan = () => {
    clearTimeout(timer);
    timer = due.size ? setTimeout(read, Math.max(0, Math.min(...due.values()) - Date.now())) : undefined;
  };
  const read = () => {
    const now = Date.now();
    const groups = new Set([...due].filter(([, at]) => at <= now).map(([group]) => group));
    const touched = keys;
    if (groups.has("figures")) keys = new Set();
    for (const group of groups) {
      due.delete(group);
      last[group] = now;
    }
    void client.invalidateQueries({
      predicate: ({ queryKey }) => {
        const group = groupOf(queryKey, workspace, touched);
        return group !== null && groups.has(group);
      },
    });
    plan();
  };
  return {
    stale(groups: Group[], key: string | null) {
      if (key === null) keys = null;
      else keys?.add(key);
      const now = Date.now();
      for (const group of groups) due.set(group, Math.min(due.get(group) ?? Infinity, dueAt(group, now, last[group])));
      plan();
    },
    stop: () => clearTimeout(timer),
  };
}

const EVERYTHING: Group[] = ["figures", "lists", "providers"];

// What an event carries; null for what cannot be read.
function readEvent(event: Event): unknown {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as unknown;
  } catch {
    return null;
  }
}

// A stream that comes back by itself; `connected` is told of its beginnings and ends, and `lost` when it was not this page
// that ended it.
function stream(workspace: string, handlers: Record<string, (data: never) => void>, connected: (open: boolean) => void, lost: () => void) {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
    connected(false);
  };
  const open = () => {
    clearTimeout(timer);
    if (source) return;
    const one = new EventSource(`/admin/v1/events?workspace=${encodeURIComponent(workspace)}`);
    source = one;
    one.addEventListener("open", () => {
      failures = 0;
      connected(true);
    });
    // A connection that was lost the browser makes anew; a refusal it takes for the end.
    one.addEventListener("error", () => {
      lost();
      if (one.readyState !== EventSource.CLOSED) return connected(false);
      close();
      timer = setTimeout(open, comesBackIn(failures++));
    });
    for (const [name, handle] of Object.entries(handlers)) {
      one.addEventListener(name, (event) => {
        const data = readEvent(event);
        if (data !== null) handle(data as never);
      });
    }
  };
  const onVisibility = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") open();
    else timer = setTimeout(close, HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", onVisibility);
  if (document.visibilityState === "visible") open();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}

// "" for a workspace that is nobody's to watch.
export function LiveProvider({ workspace, children }: { workspace: string; children: ReactNode }) {
  const client = useQueryClient();
  const [connected, setConnected] = useState(false);
  const [feed, setFeed] = useState<LiveRequest[]>([]);

  useEffect(() => {
    setFeed([]);
    if (!workspace) return;
    const again = rereading(client, workspace);
    const keys = movedKeys(client, workspace);
    let seen: "never" | "before" = "never";
    const end = stream(
      workspace,
      {
        request: (request: LiveRequest) => {
          setFeed((before) => [request, ...before.filter(({ id }) => id !== request.id)].slice(0, FEED_MAX));
          keys.moved(request.key);
          again.stale(["figures", "lists"], request.key);
        },
        use: (use: LiveUse) => {
          keys.moved(use.key);
          again.stale(["lists"], use.key);
        },
        key: ({ key }: { key: string }) => again.stale(["figures", "lists"], key),
        provider: () => again.stale(["providers"], ""),
        reset: () => again.stale(EVERYTHING, null),
      },
      (open) => {
        setConnected(open);
        if (!open) return;
        // What happened while there was no stream nobody told.
        if (seen === "before") again.stale(EVERYTHING, null);
        seen = "before";
      },
      // The gateway may be gone, the session ended, or the workspace no longer this person's: asking tells.
      () => void client.invalidateQueries({ queryKey: sessionQuery.queryKey, exact: true }),
    );
    return () => {
      again.stop();
      keys.stop();
      end();
    };
  }, [client, workspace]);

  const live = useMemo(() => ({ connected, feed }), [connected, feed]);
  return <LiveContext value={live}>{children}</LiveContext>;
}
