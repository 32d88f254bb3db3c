// Whether the gateway answers, as the last request of the page found: every page says the same of it, once.
type From = "gateway" | "nobody";

let last: From = "gateway";
const listeners = new Set<() => void>();

export function heardFrom(from: From) {
  if (from === last) return;
  last = from;
  for (const tell of listeners) tell();
}

export const isReachable = (): boolean => last === "gateway";

export function onReachable(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
