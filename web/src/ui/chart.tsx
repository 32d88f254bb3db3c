// A chart with its numbers: the value under the cursor stands in the head, and a table of the same
// values stands beside it for those who do not see it. uPlot itself comes in a chunk of its own.
import { lazy, Suspense, useMemo, useState } from "react";

import { whenReachable } from "@/api/chunk";
import { gatewayNow } from "@/lib/clock";
import { formatExact } from "@/lib/format";
import { endsRunning } from "@/lib/running";

import { cx } from "./cx";
import { Bone } from "./skeleton";

export interface Line {
  name: string;
  tone: "accent" | "bad" | "muted" | "warning" | "good" | "sandbox";
  as: "line" | "area" | "bars";
  values: (number | null)[];
}

export interface ChartProps {
  at: number[]; // Unix seconds
  series: Line[];
  format: (value: number) => string;
  whole?: boolean; // its axis has no halves
  height: number;
  running: boolean; // whether the last moment's stretch has not ended
  sync?: string; // charts of the same key share one cursor
  onCursor: (index: number | null) => void;
}

const ChartCanvas = lazy(() => whenReachable(() => import("./chart_canvas")));

const TONES = { accent: "bg-accent", bad: "bg-bad", muted: "bg-muted", warning: "bg-warning", good: "bg-good", sandbox: "bg-sandbox" };

export function Chart({ title, total, at, series, format, whole, height = 140, sync, className }: Omit<ChartProps, "onCursor" | "at" | "height" | "running"> & { title: string; total: string; at: string[]; height?: number; className?: string }) {
  const [cursor, setCursor] = useState<number | null>(null);
  const seconds = useMemo(() => at.map((time) => Date.parse(time) / 1000), [at]);
  const running = endsRunning(seconds, gatewayNow() / 1000);
  const moment = cursor === null ? undefined : at[cursor];
  const soFar = (index: number | null) => (running && index === at.length - 1 ? ", so far" : "");
  return (
    <figure className={cx("min-w-0", className)}>
      <figcaption className="mb-1 flex min-h-6 items-baseline gap-3 text-sm">
        <span className="font-medium">{title}</span>
        <span className="numbers ml-auto flex min-w-0 flex-wrap items-baseline justify-end gap-x-3 text-muted">
          {moment ? (
            <>
              {series.map((line) => (
                <span key={line.name} className="inline-flex items-center gap-1.5 text-ink">
                  <span aria-hidden className={cx("size-2 rounded-full", TONES[line.tone])} />
                  {series.length > 1 && <span className="text-muted">{line.name}</span>}
                  {line.values[cursor!] === null || line.values[cursor!] === undefined ? "–" : format(line.values[cursor!]!)}
                </span>
              ))}
              <span className="text-xs">{formatExact(moment).replace(/:00 UTC$/, " UTC")}{soFar(cursor)}</span>
            </>
          ) : (
            total
          )}
        </span>
      </figcaption>
      <Suspense fallback={<div style={{ height }} className="flex items-end"><Bone className="h-3/4 w-full" /></div>}>
        <ChartCanvas at={seconds} series={series} format={format} whole={whole} height={height} running={running} sync={sync} onCursor={setCursor} />
      </Suspense>
      {/* In a box: a table by itself is as wide as its words, hidden or not. */}
      <div className="sr-only">
        <table>
          <caption>{title}</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {series.map((line) => (
                <th key={line.name} scope="col">
                  {line.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {at.map((time, index) => (
              <tr key={time}>
                <th scope="row">{formatExact(time)}{soFar(index)}</th>
                {series.map((line) => (
                  <td key={line.name}>{line.values[index] === null ? "none" : format(line.values[index] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
