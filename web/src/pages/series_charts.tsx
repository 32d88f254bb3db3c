// The four charts of a stretch of time, with one shared cursor.
import type { SeriesPoint } from "@/api/contract";
import { formatCompact, formatMs, plural } from "@/lib/format";
import { decimalOf, exactMoney, formatMoney, moneyNumber, nanoOf } from "@/lib/money";
import { Chart } from "@/ui/chart";
import { Cut } from "@/ui/cut";
import { cx } from "@/ui/cx";

const sum = (values: number[]) => values.reduce((all, one) => all + one, 0);
const money = (value: number) => formatMoney(value.toFixed(9));
const axisMoney = (value: number) => (value >= 1000 ? `$${formatCompact(value)}` : `$${Number(value.toPrecision(2))}`);

export function totalCost(points: { cost: string }[]): string {
  return decimalOf(points.reduce((all, point) => all + (nanoOf(point.cost) ?? 0n), 0n));
}

// What the head says while no moment is pointed at: the latest that was measured.
function latest(points: SeriesPoint[]): string {
  const last = points.findLast((point) => point.latency_p50_ms !== null);
  return last ? `P50 ${formatMs(last.latency_p50_ms)}, P95 ${formatMs(last.latency_p95_ms)}` : "";
}

export const chartOf = {
  requests: (points: SeriesPoint[], sync: string, height?: number) => (
    <Chart
      title="Requests and errors"
      total={`${plural(sum(points.map((p) => p.requests)), "request")}, ${plural(sum(points.map((p) => p.errors)), "error")}`}
      at={points.map((p) => p.at)}
      series={[
        { name: "Requests", tone: "accent", as: "area", values: points.map((p) => p.requests) },
        // No line of nothing: red is for what went wrong.
        ...(points.some((p) => p.errors > 0) ? [{ name: "Errors", tone: "bad" as const, as: "line" as const, values: points.map((p) => p.errors) }] : []),
      ]}
      format={formatCompact}
      whole
      sync={sync}
      height={height}
    />
  ),
  cost: (points: SeriesPoint[], sync: string, height?: number) => (
    <Chart
      title="Cost"
      total={formatMoney(totalCost(points))}
      at={points.map((p) => p.at)}
      series={[{ name: "Cost", tone: "accent", as: "bars", values: points.map((p) => moneyNumber(p.cost)) }]}
      format={(value) => (value === 0 ? "$0" : value < 0.01 ? money(value) : axisMoney(value))}
      sync={sync}
      height={height}
    />
  ),
  tokens: (points: SeriesPoint[], sync: string, height?: number) => (
    <Chart
      title="Tokens"
      total={`${formatCompact(sum(points.map((p) => p.input_tokens)))} in, ${formatCompact(sum(points.map((p) => p.output_tokens)))} out`}
      at={points.map((p) => p.at)}
      series={[
        { name: "Input", tone: "muted", as: "line", values: points.map((p) => p.input_tokens) },
        { name: "Output", tone: "accent", as: "line", values: points.map((p) => p.output_tokens) },
      ]}
      format={formatCompact}
      whole
      sync={sync}
      height={height}
    />
  ),
  latency: (points: SeriesPoint[], sync: string, height?: number) => (
    <Chart
      title="Latency"
      total={latest(points)}
      at={points.map((p) => p.at)}
      series={[
        { name: "P95", tone: "muted", as: "line", values: points.map((p) => p.latency_p95_ms) },
        { name: "P50", tone: "accent", as: "line", values: points.map((p) => p.latency_p50_ms) },
      ]}
      format={formatMs}
      whole
      sync={sync}
      height={height}
    />
  ),
};

export function SeriesCharts({ points, sync }: { points: SeriesPoint[]; sync: string }) {
  const kinds = ["requests", "cost", "tokens", "latency"] as const;
  return (
    <div className="grid md:grid-cols-2">
      {kinds.map((kind, index) => (
        <div key={kind} className={cx("min-w-0 p-4", index % 2 === 1 && "md:border-l", index > 0 && "border-t", index === 1 && "md:border-t-0")}>
          {chartOf[kind](points, sync)}
        </div>
      ))}
    </div>
  );
}

// Models by what they were used, as bars of their share.
export function TopModels({ models }: { models: { model: string; requests: number; cost: string }[] }) {
  const most = Math.max(1, ...models.map((model) => model.requests));
  if (models.length === 0) return <p className="py-4 text-sm text-muted">No request in this time.</p>;
  return (
    <ol className="space-y-3">
      {models.map((model) => (
        <li key={model.model} className="text-sm">
          <div className="mb-1 flex gap-3">
            <Cut text={model.model} className="min-w-0 flex-1 font-mono text-xs leading-5" />
            <span className="numbers text-muted" title={plural(model.requests, "request")}>{formatCompact(model.requests)}</span>
            <span className="numbers w-20 text-right" title={exactMoney(model.cost)}>{formatMoney(model.cost)}</span>
          </div>
          <div aria-hidden className="h-1 overflow-hidden rounded-full bg-hover">
            <div className="h-full rounded-full bg-accent" style={{ width: `${(model.requests / most) * 100}%` }} />
          </div>
        </li>
      ))}
    </ol>
  );
}
