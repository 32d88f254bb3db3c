// While the gateway does not answer: what is shown stays as it was read last, and every page says so in one line at its
// head. It is asked for until it is back, and then all that is shown is read again.
import { useQueryClient } from "@tanstack/react-query";
import { CloudOff } from "lucide-react";
import { useEffect, useRef, useSyncExternalStore } from "react";

import { POLL_MS } from "@/api/queries";
import { isReachable, onReachable } from "@/api/reachable";

import { sessionQuery } from "./session";

export function Unreachable() {
  const reachable = useSyncExternalStore(onReachable, isReachable);
  const client = useQueryClient();
  const away = useRef(false);
  useEffect(() => {
    if (reachable) {
      if (away.current) void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
      away.current = false;
      return;
    }
    away.current = true;
    const timer = setInterval(() => void client.invalidateQueries({ queryKey: sessionQuery.queryKey, exact: true }), POLL_MS);
    return () => clearInterval(timer);
  }, [reachable, client]);
  return (
    <div role="status">
      {!reachable && (
        <p className="mb-4 flex items-start gap-3 rounded-panel border border-warning/40 bg-warning-soft px-4 py-3 text-sm">
          <CloudOff aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
          <span className="min-w-0 flex-1">The gateway does not answer. What you see may be old; this page goes on by itself as soon as it is back.</span>
        </p>
      )}
    </div>
  );
}
