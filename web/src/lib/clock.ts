// The gateway's clock, as its answers tell it. Times on pages are the gateway's, and so is what pages ask for ("in 30
// days"): a browser whose own clock is wrong by a day shows and asks for the right ones all the same.

// A Date header is of whole seconds, and an answer is under way for a while: what differs by less is no difference.
const NOISE_MS = 2_000;
const HALF_SECOND_MS = 500;

let ahead_ms = 0; // the gateway's clock before this computer's
const listeners = new Set<() => void>();

export const gatewayNow = (): number => Date.now() + ahead_ms;

// An answer with this Date header, asked for and had at these moments of this computer's clock.
export function heardDate(header: string | null, asked: number, had: number) {
  const told = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(told) || had < asked) return;
  const found = told + HALF_SECOND_MS - (asked + had) / 2;
  const noise = NOISE_MS + (had - asked) / 2;
  const next = Math.abs(found) <= noise ? 0 : Math.abs(found - ahead_ms) <= noise ? ahead_ms : found;
  if (next === ahead_ms) return;
  ahead_ms = next;
  for (const tell of listeners) tell();
}

export function onClockChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
