// Whether something stands on the page that is told this once, or is about to: a secret, or a link. Until it was stored,
// nothing takes the page away from under it: not the end of the session, not another role, not the way back.
let count = 0;
const waiting = new Set<() => void>();

// Until the function that it gives is called. What follows at once (the answer's dialog after the question's) is no gap.
export function shownOnce(): () => void {
  let over = false;
  count++;
  return () => {
    if (over) return;
    over = true;
    count--;
    setTimeout(settle);
  };
}

function settle() {
  if (count > 0) return;
  const all = [...waiting];
  waiting.clear();
  for (const run of all) run();
}

export const isShownOnce = (): boolean => count > 0;

// run() at once, or as soon as it is stored.
export function whenNothingIsShownOnce(run: () => void) {
  if (count === 0) run();
  else waiting.add(run);
}
