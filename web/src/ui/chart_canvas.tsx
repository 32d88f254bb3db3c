// uPlot, in a chunk of its own. Colours come from the theme; a chart is drawn anew when that changes.
import { useEffect, useRef } from "react";
import uPlot from "uplot";

import { apart } from "@/lib/running";

import type { ChartProps, Line } from "./chart";

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// Hours as 16:00, and what begins a day as its date; all in UTC, as the API's buckets are.
function moment(seconds: number): string {
  const at = new Date(seconds * 1000);
  if (at.getUTCHours() === 0 && at.getUTCMinutes() === 0) return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  return `${String(at.getUTCHours()).padStart(2, "0")}:${String(at.getUTCMinutes()).padStart(2, "0")}`;
}

const WHOLE = Array.from({ length: 13 }, (_, zeros) => [1, 2, 5].map((step) => step * 10 ** zeros)).flat();

function axes({ format, whole, height }: Pick<ChartProps, "format" | "whole" | "height">): uPlot.Axis[] {
  const low = height < 160;
  const stroke = colour("muted");
  const font = "12px 'Inter Variable', sans-serif";
  const grid = { stroke: colour("line"), width: 1 };
  return [
    { stroke, font, grid: { show: false }, ticks: { show: false }, gap: 4, size: 24, space: low ? 72 : 64, values: (_, ticks) => ticks.map(moment) },
    { stroke, font, grid, ticks: { show: false }, gap: 8, size: 52, space: low ? 34 : 42, values: (_, ticks) => ticks.map(format), ...(whole ? { incrs: WHOLE } : {}) },
  ];
}

const stepOf = (self: uPlot): number => (self.data[0].length > 1 ? self.data[0][1]! - self.data[0][0]! : 3600);

// Where some moments have no value, one alone between them is no line: it shows as a point.
const holey = (self: uPlot, index: number): boolean => self.data[index]!.includes(null as never);
const holeyBefore = (self: uPlot, index: number): boolean => self.data[index]!.slice(0, -1).includes(null as never);

const mix = (stroke: string, percent: number) => `color-mix(in srgb, ${stroke} ${percent}%, transparent)`;
const BARS = uPlot.paths.bars!({ size: [0.7, 24], radius: 0.15, gap: 1 });

// What has ended.
function ended({ tone, as }: Line, points: uPlot.Series.Points["show"]): uPlot.Series {
  const stroke = colour(tone);
  if (as === "bars") return { stroke, fill: mix(stroke, 80), width: 0, paths: BARS, points: { show: false } };
  return { stroke, width: 1.75, fill: as === "area" ? mix(stroke, 12) : undefined, points: { show: points, size: 4, stroke, fill: stroke }, spanGaps: true };
}

// What still runs is unfinished: broken lines, an open point, a bar that is only its outline.
function unfinished({ tone, as }: Line): uPlot.Series {
  const stroke = colour(tone);
  if (as === "bars") return { stroke, fill: mix(stroke, 15), width: 1, dash: [3, 3], paths: BARS, points: { show: false } };
  const last = (self: uPlot) => [self.data[0].length - 1];
  return { stroke, width: 1.75, dash: [4, 4], fill: as === "area" ? mix(stroke, 5) : undefined, points: { show: true, filter: last, size: 6, width: 1.5, stroke, fill: colour("panel") }, spanGaps: true };
}

export default function ChartCanvas({ at, series, format, whole, height, running, sync, onCursor }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const tell = useRef(onCursor);
  tell.current = onCursor;
  const data = useRef<uPlot.AlignedData>([[]]);
  const parts = running ? series.map((line) => apart(line.values, line.as === "bars" ? "bars" : "line")) : null;
  data.current = [at, ...(parts ? [...parts.map((part) => part.ended), ...parts.map((part) => part.running)] : series.map((line) => line.values))] as uPlot.AlignedData;
  const shape = [running, ...series.map((line) => `${line.name}/${line.tone}/${line.as}`)].join();

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      const bars = series.some((line) => line.as === "bars");
      plot.current = new uPlot(
        {
          width: element.clientWidth,
          height,
          tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
          legend: { show: false },
          padding: [8, 18, 0, 0], // right: half of the last time, which stands under the last point
          cursor: {
            y: false,
            drag: { x: false, y: false },
            points: { size: 7 },
            ...(sync ? { sync: { key: sync, setSeries: false } } : {}),
          },
          scales: {
            // Half a bar of room at either end.
            x: { range: (self, low, high) => (bars ? [low - stepOf(self) / 2, high + stepOf(self) / 2] : [low, high]) },
            y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] },
          },
          axes: axes({ format, whole, height }),
          series: [
            {},
            // Of a line in two, the first ends before the last moment.
            ...series.map((line) => ended(line, running ? holeyBefore : holey)),
            ...(running ? series.map(unfinished) : []),
          ],
          hooks: { setCursor: [(self) => tell.current(self.cursor.idx ?? null)] },
        },
        data.current,
        element,
      );
    };
    draw();
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      sizes.disconnect();
      themes.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
    // The series' shape decides how it is drawn; its values come by setData.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shape, height, sync]);

  useEffect(() => {
    plot.current?.setData(data.current);
  }, [at, series]);

  return <div ref={host} aria-hidden className="w-full" />;
}
