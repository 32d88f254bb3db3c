// Skeletons have the real shape and appear after 150 ms, so that a quick answer never flashes.
import { type ReactNode, useEffect, useState } from "react";

import { cx } from "./cx";

export const SKELETON_DELAY_MS = 150;

export function useDelayed(active: boolean): boolean {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!active) return setShown(false);
    const timer = setTimeout(() => setShown(true), SKELETON_DELAY_MS);
    return () => clearTimeout(timer);
  }, [active]);
  return active && shown;
}

export const Bone = ({ className }: { className?: string }) => (
  <span aria-hidden className={cx("skeleton block h-3", className)} />
);

// What a region shows while it waits: nothing at first, then its outline.
export function Waiting({ label, children }: { label: string; children: ReactNode }) {
  const shown = useDelayed(true);
  return (
    <div aria-busy="true" className={shown ? "animate-appear" : "invisible"}>
      <span className="sr-only" role="status">
        {label}
      </span>
      {children}
    </div>
  );
}
