// Whether anybody is at the page. The gateway ends a session that nobody used for hours, and only the page knows
// which of its requests somebody wanted: while nobody touches it, it says so (api/client.ts).
export const AWAY_MS = 5 * 60_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "click", "focus"];

let lastSign = Date.now();
const noteSign = () => {
  lastSign = Date.now();
};

// From now on, of the whole window.
export function watchPresence(target: EventTarget) {
  for (const sign of SIGNS) target.addEventListener(sign, noteSign, { capture: true, passive: true });
}

export const isUnattended = () => Date.now() - lastSign >= AWAY_MS;
