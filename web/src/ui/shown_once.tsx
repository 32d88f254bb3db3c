// Keeps a page where it is while something on it is told this once, or is under way to it: no way back or on, no other
// page, and a question of the browser's before its window is closed.
import { useBlocker } from "@tanstack/react-router";
import { useEffect } from "react";

import { shownOnce } from "@/lib/shown_once";

const stay = () => true;

export function useShownOnce(shown: boolean) {
  useBlocker({ shouldBlockFn: stay, enableBeforeUnload: true, disabled: !shown });
  useEffect(() => (shown ? shownOnce() : undefined), [shown]);
}
