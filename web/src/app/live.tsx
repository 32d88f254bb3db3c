// What happens in the workspace, as it happens: GET /admin/v1/events (server-sent events). Lists that
// show a key's counter move with it; where no stream can be had, pages ask every few seconds instead.
import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";

import type { Key, LiveRequest, Page } from "@/api/contract";
import { POLL_MS } from "@/api/queries";

const FEED_MAX = 50;
const SETTLE_MS = 400;

interface Live {
  connected: boolean;
  feed: LiveRequest[]; // newest first
}

const LiveContext = createContext<Live>({ connected: false, feed: [] });
export const useLive = () => useContext(LiveContext);
// What queries give as refetchInterval.
export const usePolling = () => (useLive().connected ? (false as const) : POLL_MS);

// The key's counter and time of last use move at once; the rest of the key follows when it is read again.
function count(client: QueryClient, workspace: string, request: LiveRequest) {
  const moved = (key: Key): Key =>
    key.id === request.key
      ? {
          ...key,
          request_count: key.request_count + 1,
          error_count: key.error_count + (request.status >= 400 ? 1 : 0),
          last_used_at: request.admitted_at,
        }
      : key;
  client.setQueriesData<InfiniteData<Page<Key>>>({ queryKey: ["keys", workspace, "list"] }, (list) =>
    list?.pages
      ? { ...list, pages: list.pages.map((page) => (page.data.some((k) => k.id === request.key) ? { ...page, data: page.data.map(moved) } : page)) }
      : list,
  );
}

export function LiveProvider({ workspace, children }: { workspace: string; children: ReactNode }) {
  const client = useQueryClient();
  const [connected, setConnected] = useState(false);
  const [feed, setFeed] = useState<LiveRequest[]>([]);
  const stale = useRef(new Set<string>());

  useEffect(() => {
    setFeed([]);
    const source = new EventSource(`/admin/v1/events?workspace=${encodeURIComponent(workspace)}`);
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A burst of events makes one round of reading.
    const soon = (key: string) => {
      stale.current.add(key);
      timer ??= setTimeout(() => {
        timer = undefined;
        const keys = stale.current;
        stale.current = new Set();
        void client.invalidateQueries({
          predicate: ({ queryKey: [kind, where, , id] }) =>
            where === workspace && ((kind === "keys" && (id === undefined || keys.has(String(id)) || typeof id === "object")) || kind === "overview"),
        });
      }, SETTLE_MS);
    };
    source.addEventListener("open", () => setConnected(true));
    source.addEventListener("error", () => setConnected(false));
    source.addEventListener("request", (event) => {
      const request = JSON.parse((event as MessageEvent<string>).data) as LiveRequest;
      setFeed((before) => [request, ...before.filter(({ id }) => id !== request.id)].slice(0, FEED_MAX));
      count(client, workspace, request);
      soon(request.key);
    });
    source.addEventListener("key", (event) => {
      const key = JSON.parse((event as MessageEvent<string>).data) as { id?: string; key?: string };
      soon(key.id ?? key.key ?? "");
    });
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [client, workspace]);

  const live = useMemo(() => ({ connected, feed }), [connected, feed]);
  return <LiveContext value={live}>{children}</LiveContext>;
}
