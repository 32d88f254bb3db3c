// The limit bar: settled solid, held striped, free empty, a tick where the window resets, exact numbers
// beside it. It looks the same everywhere, and striping marks what is held and nothing else.
import { levelOf, ofText, quantity, resetText, sharesOf, spokenLimit, type LimitLike } from "@/lib/limits";
import { formatExact } from "@/lib/format";

import { cx } from "./cx";
import { useNow } from "./time";

const TONES = { calm: "text-accent", near: "text-warning", full: "text-bad" };

// How much of the window has passed: where the tick stands.
function passed(limit: LimitLike, now: number): number | null {
  if (!limit.resets_at || !limit.window) return null;
  const days = /^(\d+)d$/.exec(limit.window);
  const lengths: Record<string, number> = { "60s": 60, hour: 3600, day: 86_400, week: 604_800 };
  const end = new Date(limit.resets_at);
  const start = new Date(end);
  if (limit.window === "month") start.setUTCMonth(start.getUTCMonth() - 1);
  else if (limit.window === "year") start.setUTCFullYear(start.getUTCFullYear() - 1);
  else {
    const seconds = days ? Number(days[1]) * 86_400 : lengths[limit.window];
    if (!seconds) return null;
    start.setTime(end.getTime() - seconds * 1000);
  }
  const share = (now - start.getTime()) / (end.getTime() - start.getTime());
  return share >= 0 && share <= 1 ? share : null;
}

function Track({ limit, className }: { limit: LimitLike; className?: string }) {
  const shares = sharesOf(limit);
  const tick = passed(limit, useNow());
  return (
    <span
      role="img"
      aria-label={spokenLimit(limit)}
      title={spokenLimit(limit)}
      className={cx("relative block overflow-visible", TONES[levelOf(limit)], className)}
    >
      <span className="absolute inset-0 flex overflow-hidden rounded-full border border-edge/50 bg-sunken">
        <span className="h-full shrink-0 bg-current transition-[width] duration-[120ms]" style={{ width: `${shares.settled * 100}%` }} />
        <span className="striped h-full shrink-0 transition-[width] duration-[120ms]" style={{ width: `${shares.held * 100}%` }} />
      </span>
      {tick !== null && (
        <span
          aria-hidden
          className="absolute -top-0.5 -bottom-0.5 w-px bg-ink/70"
          style={{ left: `${tick * 100}%` }}
        />
      )}
    </span>
  );
}

// One line, for tables: where there is little room, the bar gives way and not the words. Of the limits the first
// is drawn, and the others are named on hover.
export function LimitLine({ limit, others }: { limit: LimitLike; others: readonly LimitLike[] }) {
  const now = useNow();
  const reset = levelOf(limit) === "calm" ? null : resetText(limit, now, "short");
  return (
    <span className="flex min-w-0 items-center gap-2.5 text-sm">
      <span className="numbers shrink-0 font-medium xl:min-w-12">{quantity(limit.metric, limit.used)}</span>
      <Track limit={limit} className="h-2 max-w-24 min-w-4 flex-1" />
      <span className="numbers min-w-0 truncate text-muted" title={[ofText(limit), resetText(limit, now), limit.resets_at && formatExact(limit.resets_at)].filter(Boolean).join(" · ")}>
        {ofText(limit)}
        {reset && ` · ${reset}`}
      </span>
      {others.length > 0 && (
        <span className="numbers shrink-0 text-muted" title={others.map(spokenLimit).join("\n")}>
          +{others.length}
        </span>
      )}
    </span>
  );
}

const METRIC_NAMES = { cost: "Cost", tokens: "Tokens", requests: "Requests", concurrency: "Parallel requests" };

// The whole of it, for a key's page.
export function LimitBar({ limit }: { limit: LimitLike }) {
  const now = useNow();
  const shares = sharesOf(limit);
  const reset = resetText(limit, now);
  const level = levelOf(limit);
  return (
    <div>
      <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <span className="text-sm font-medium">
          {METRIC_NAMES[limit.metric]} <span className="font-normal text-muted">{ofText(limit).replace(/^of /, "")}</span>
        </span>
        {reset && (
          <span className="numbers text-xs text-muted" title={formatExact(limit.resets_at)}>
            {reset}
          </span>
        )}
      </div>
      <Track limit={limit} className="h-3" />
      <dl className="numbers mt-2 flex flex-wrap gap-x-5 gap-y-1 text-xs">
        <Part sign={<span className={cx("block size-2 rounded-full bg-current", TONES[level])} />} name="settled" value={quantity(limit.metric, limit.used, "exact")} />
        <Part sign={<span className={cx("striped block h-2 w-3 rounded-full", TONES[level])} />} name="held" value={quantity(limit.metric, limit.held, "exact")} />
        <Part sign={<span className="block size-2 rounded-full border border-edge" />} name="free" value={quantity(limit.metric, limit.remaining, "exact")} />
        {shares.over && <span className="font-medium text-bad">over its limit</span>}
        {shares.full && !shares.over && <span className="font-medium text-bad">spent</span>}
      </dl>
    </div>
  );
}

function Part({ sign, name, value }: { sign: React.ReactNode; name: string; value: string }) {
  return (
    <div className="flex items-center gap-1.5">
      <dt className="flex items-center gap-1.5 text-muted">
        <span aria-hidden>{sign}</span>
        {name}
      </dt>
      <dd className="font-medium">{value}</dd>
    </div>
  );
}
