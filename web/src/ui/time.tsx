// Relative time with the exact UTC on hover; all of a page's times tick together.
import { useSyncExternalStore } from "react";

import { formatExact, formatRelative } from "@/lib/format";

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const tell of listeners) tell();
  }, 5_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

export const useNow = (): number => useSyncExternalStore(subscribe, () => now);

export function Time({ at, className }: { at: string | null | undefined; className?: string }) {
  const moment = Math.max(useNow(), Date.now() - 5_000);
  if (!at) return <span className={className}>never</span>;
  return (
    <time dateTime={at} title={formatExact(at)} className={className}>
      {formatRelative(at, moment)}
    </time>
  );
}
