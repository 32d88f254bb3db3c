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

// The rows of a table, each with bones as wide as its cells.
const OF_A_REQUEST = ["w-16", "w-28", "w-40", "w-20"];
export const RowBones = ({ rows = 8, widths = OF_A_REQUEST }: { rows?: number; widths?: string[] }) =>
  Array.from({ length: rows }, (_, row) => (
    <div key={row} className="flex h-11 items-center gap-6 border-b px-4 last:border-b-0">
      {widths.map((width, index) => (
        <Bone key={index} className={cx(width, index > 0 && index === widths.length - 1 && "ml-auto")} />
      ))}
    </div>
  ));

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
