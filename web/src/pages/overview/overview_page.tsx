// The state of the workspace at a glance: four figures, one chart, what needs attention, what happens now.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowDownRight, ArrowRight, ArrowUpRight, CircleAlert } from "lucide-react";
import { useState } from "react";

import type { Overview } from "@/api/contract";
import { overviewQuery, usageQuery } from "@/api/queries";
import { useLive, usePolling } from "@/app/live";
import { useHere, useSession } from "@/app/session";
import { type Change, change } from "@/lib/change";
import { formatCount, formatShare, plural } from "@/lib/format";
import { newestFirst } from "@/lib/live_events";
import { exactMoney, formatMoney } from "@/lib/money";
import { RANGES } from "@/lib/search";
import { cx } from "@/ui/cx";
import { Empty, ReadProblem, RowShapes } from "@/ui/notice";
import { PageHead, Panel, Segments } from "@/ui/page";
import { Bone, RowBones, Waiting } from "@/ui/skeleton";

import { type Listed, RequestList } from "../request_list";
import { chartOf, TopModels } from "../series_charts";

const SPANS = { "24h": "the 24 hours before", "7d": "the 7 days before", "30d": "the 30 days before" };

export function OverviewPage() {
  const { workspace, may } = useHere();
  const { range = "24h" } = useSearch({ from: "/shell/" });
  const navigate = useNavigate({ from: "/" });
  const overview = useQuery({ ...overviewQuery(workspace, range), refetchInterval: usePolling() });
  return (
    <>
      <PageHead
        title="Overview"
        actions={<Segments label="Range" value={range} onChange={(next) => void navigate({ search: (before) => ({ ...before, range: next }), replace: true })} options={RANGES.map((value) => ({ value, name: value.replace("d", " days").replace("h", " hours") }))} />}
      />
      <ReadProblem className="mb-4" of={overview} />
      {overview.isPending && (
        <Waiting label="Loading the overview">
          <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
            {[0, 1, 2, 3].map((figure) => (
              <Bone key={figure} className="h-24 w-full" />
            ))}
          </div>
          <Bone className="mt-4 h-72 w-full" />
        </Waiting>
      )}
      <div className="space-y-4">
        {overview.data && <Figures of={overview.data} />}
        {overview.data && <BigChart of={overview.data} />}
        {overview.data && (
          <div className="grid gap-4 lg:grid-cols-2">
            <Attention of={overview.data} />
            <Panel title="Top models">
              <TopModels models={overview.data.top_models} />
            </Panel>
          </div>
        )}
        <Feed create={may("member")} />
      </div>
    </>
  );
}

function Figures({ of }: { of: Overview }) {
  const { figures: now, previous: before } = of;
  const against = SPANS[of.range] ?? "the time before";
  const rate = (figures: { requests: number; errors: number }) => (figures.requests ? 1 - figures.errors / figures.requests : null);
  const success = rate(now);
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-panel border bg-panel lg:grid-cols-4">
      <Figure name="Requests" value={formatCount(now.requests)} change={change(now.requests, before.requests)} against={against} />
      <Figure name="Success rate" value={success === null ? "–" : formatShare(success)} change={change(success, rate(before), "points")} against={against} better="up" />
      <Figure name="Spend" value={formatMoney(now.cost)} exact={exactMoney(now.cost)} change={change(now.cost, before.cost)} against={against} />
      <Figure name="Active integrations" value={formatCount(of.active_integrations)} hint="Keys with a request in the last 30 days" change={change(of.active_integrations, of.previous_active_integrations)} against="the 30 days before" />
    </dl>
  );
}

function Figure({ name, value, exact, hint, change, against, better }: { name: string; value: string; exact?: string; hint?: string; change: Change; against: string; better?: "up" }) {
  const Arrow = change.way === "up" ? ArrowUpRight : change.way === "down" ? ArrowDownRight : ArrowRight;
  const tone = better && change.way !== "same" ? (change.way === better ? "text-good" : "text-bad") : "text-muted";
  return (
    <div className="border-line p-4 not-first:border-l max-lg:odd:border-l-0 max-lg:[&:nth-child(n+3)]:border-t">
      <dt className="text-sm text-muted" title={hint}>
        {name}
      </dt>
      <dd className="mt-1">
        <span className="numbers block text-xl font-semibold tracking-[-0.02em] sm:text-2xl" title={exact}>
          {value}
        </span>
        <span className={cx("numbers mt-0.5 inline-flex items-center gap-1 text-xs", tone)} title={`Against ${against}`}>
          {change.text && <Arrow aria-hidden className="size-3.5" />}
          {change.text || "nothing to compare with"}
        </span>
      </dd>
    </div>
  );
}

type Kind = "requests" | "cost" | "tokens" | "latency";
const KINDS: { value: Kind; name: string }[] = [
  { value: "requests", name: "Requests" },
  { value: "cost", name: "Cost" },
  { value: "tokens", name: "Tokens" },
  { value: "latency", name: "Latency" },
];

function BigChart({ of }: { of: Overview }) {
  const [kind, setKind] = useState<Kind>("requests");
  return (
    <Panel title="Activity" actions={<Segments label="Chart" value={kind} options={KINDS} onChange={setKind} />}>
      {chartOf[kind](of.series, "overview", 240)}
    </Panel>
  );
}

function Attention({ of }: { of: Overview }) {
  const { secret_age_warning_days } = useSession();
  return (
    <Panel title="Needs attention" flush>
      {of.attention.length === 0 ? (
        <p className="p-4 text-sm text-muted">Nothing. No key is near a limit, failing, unusually busy, or due for a new secret.</p>
      ) : (
        <ul>
          {of.attention.map((item) => (
            <li key={`${item.key}/${item.reason}`} className="border-b last:border-b-0">
              <Link to="/keys/$id" params={{ id: item.key }} data-row className="flex min-h-11 items-center gap-3 px-4 py-2 outline-offset-[-2px] hover:bg-hover">
                <CircleAlert aria-hidden className="size-4 shrink-0 text-warning" />
                <span className="min-w-0 flex-1 truncate font-medium"><bdi>{item.name}</bdi></span>
                <span className="truncate text-sm text-muted">{item.reason === "old_secret" ? `Secret older than ${plural(secret_age_warning_days, "day")}` : (REASONS[item.reason] ?? item.reason)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

const REASONS: Record<string, string> = {
  near_limit: "Near a limit",
  limited: "At a limit",
  errors: "Errors above 5 %",
  unusual_rate: "Unusual rate",
};

function Feed({ create }: { create: boolean }) {
  const { workspace } = useHere();
  const { connected, feed } = useLive();
  const usage = useInfiniteQuery({ ...usageQuery(workspace, {}, 12), refetchInterval: usePolling() });
  const rows = newestFirst<Listed>(feed, usage.data?.pages[0]?.data ?? [], 12);
  return (
    <Panel
      title="Last requests"
      flush
      actions={
        <>
          {connected && <span className="text-xs text-good">● Live</span>}
          <Link to="/usage" className="text-sm text-accent underline-offset-4 hover:underline">
            All usage
          </Link>
        </>
      }
    >
      <ReadProblem className="m-4" of={usage} />
      {usage.isPending && (
        <Waiting label="Loading the last requests">
          <RowBones rows={6} />
        </Waiting>
      )}
      {usage.data && rows.length === 0 && (
        <Empty
          title="No request yet"
          shape={<RowShapes rows={2} />}
          action={
            create && (
              <Link to="/keys" search={{ create: true }} className="inline-flex h-9 items-center rounded-control bg-accent px-3.5 font-medium text-on-accent hover:brightness-110">
                Create key
              </Link>
            )
          }
        >
          Create a key and make a first call with it: it shows here as it happens.
        </Empty>
      )}
      {rows.length > 0 && <RequestList rows={rows} withKey />}
    </Panel>
  );
}
