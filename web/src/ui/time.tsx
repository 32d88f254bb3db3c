// Relative time with the exact UTC on hover; all of a page's times tick together, by the gateway's clock.
import { useSyncExternalStore } from "react";

import { gatewayNow, onClockChange } from "@/lib/clock";
import { formatExact, formatRelative } from "@/lib/format";

const TICK_MS = 5_000;

let now = gatewayNow();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick() {
  now = gatewayNow();
  for (const tell of listeners) tell();
}
onClockChange(tick);

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

// While nothing showed a time none ticked.
function ticked(): number {
  const real = gatewayNow();
  if (Math.abs(real - now) > 2 * TICK_MS) now = real;
  return now;
}

export const useNow = (): number => useSyncExternalStore(subscribe, ticked);

export function Time({ at, className }: { at: string | null | undefined; className?: string }) {
  const moment = Math.max(useNow(), gatewayNow() - TICK_MS);
  if (!at) return <span className={className}>never</span>;
  return (
    <time dateTime={at} title={formatExact(at)} className={className}>
      {formatRelative(at, moment)}
    </time>
  );
}
