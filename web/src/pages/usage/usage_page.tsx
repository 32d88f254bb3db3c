// Usage: one row per request, filtered in the URL; a row opens beside the list.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";

import type { UsageRow } from "@/api/contract";
import { busiestKeysQuery, foundKeysQuery, keyQuery, modelsQuery, usageQuery, usageTotalsQuery } from "@/api/queries";
import { BESIDE, useCloseBeside } from "@/app/beside";
import { usePolling } from "@/app/live";
import { useHere } from "@/app/session";
import { formatCompact, formatCount, formatMs, formatShare, plural } from "@/lib/format";
import { exactMoney, formatMoney } from "@/lib/money";
import type { UsageSearch } from "@/lib/search";
import { Button } from "@/ui/button";
import { Cut } from "@/ui/cut";
import { DateRange } from "@/ui/date_field";
import { FindChip } from "@/ui/find_chip";
import { ChipRow, FilterChip } from "@/ui/menu";
import { Empty, ReadProblem, RowShapes } from "@/ui/notice";
import { PageHead } from "@/ui/page";
import { RowBones, Waiting } from "@/ui/skeleton";
import { Tag } from "@/ui/status";
import { type Column, Table } from "@/ui/table";
import { Time } from "@/ui/time";

import { Ended } from "../request_list";
import { totalCost } from "../series_charts";
import { UsageDetail } from "./usage_detail";

// A small screen has room for who, what came of it and when, and what it cost; the rest is in the row's panel.
const COLUMNS: Column<UsageRow>[] = [
  { name: "Time", wide: true, cell: (row) => <Time at={row.admitted_at} className="whitespace-nowrap text-muted" /> },
  {
    name: "Key",
    cell: (row) => (
      <span className="block max-w-44 py-1 max-sm:max-w-32">
        <span className="flex items-center gap-1.5">
          <Cut text={row.key_name} />
          {row.environment === "sandbox" && <Tag tone="sandbox">Sandbox</Tag>}
        </span>
        <Cut text={served(row)} className="font-mono text-xs text-muted sm:hidden" />
      </span>
    ),
  },
  {
    name: "Model",
    wide: true,
    cell: (row) => (
      <span className="block max-w-56 truncate font-mono text-xs" title={[served(row), row.provider, row.region].filter(Boolean).join(" · ")}>
        <bdi>{served(row)}</bdi>
      </span>
    ),
  },
  { name: "Status", cell: (row) => <Ended of={row} /> },
  { name: "Input", className: "text-right", wide: true, cell: (row) => <span className="numbers" title={plural(row.input_tokens, "token")}>{formatCompact(row.input_tokens)}</span> },
  { name: "Output", className: "text-right", wide: true, cell: (row) => <span className="numbers" title={plural(row.output_tokens, "token")}>{formatCompact(row.output_tokens)}</span> },
  { name: "Latency", className: "text-right", wide: true, cell: (row) => <span className="numbers whitespace-nowrap">{formatMs(row.latency_ms)}</span> },
  { name: "Cost", className: "text-right", cell: (row) => <span className="numbers whitespace-nowrap" title={exactMoney(row.cost)}>{formatMoney(row.cost)}</span> },
];

const served = (row: UsageRow) => row.model ?? row.requested_model;

const STATUSES = [
  { value: "ok", name: "Answered" },
  { value: "error", name: "Failed" },
  { value: "4xx", name: "Refused, 4xx" },
  { value: "5xx", name: "Failed, 5xx" },
  { value: "provider_error", name: "Provider failed" },
  { value: "provider_timeout", name: "Provider timed out" },
  { value: "client_gone", name: "Client went away" },
];

export function UsagePage() {
  const filter = useSearch({ from: "/shell/usage" });
  const navigate = useNavigate({ from: "/usage" });
  const { workspace, may } = useHere();
  const { key, model, from, to, status, row: open } = filter;
  const usage = useInfiniteQuery({ ...usageQuery(workspace, { key, model, status, from, to }), refetchInterval: usePolling() });
  const rows = useMemo(() => usage.data?.pages.flatMap((page) => page.data) ?? [], [usage.data]);
  const set: SetFilter = (changes) => void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  const closeRow = useCloseBeside(() => set({ row: undefined }));
  const csv = new URLSearchParams(Object.entries({ workspace, format: "csv", key, model, status, from, to }).filter((pair): pair is [string, string] => pair[1] !== undefined));
  const filtered = Boolean(key || model || from || to || status);
  return (
    <>
      <PageHead
        title="Usage"
        actions={
          <a href={`/admin/v1/usage?${csv}`} download="tollgate-usage.csv" className="inline-flex h-9 items-center gap-1.5 rounded-control border bg-panel px-3.5 font-medium hover:bg-hover">
            <Download aria-hidden className="size-4" />
            Download CSV
          </a>
        }
      />
      <Totals filter={{ key, model, from, to }} />
      <div className="rounded-panel border bg-panel">
        <Filters filter={filter} set={set} />
        {usage.isPending && (
          <Waiting label="Loading usage">
            <RowBones rows={10} />
          </Waiting>
        )}
        <ReadProblem className="m-4" of={usage} />
        {usage.data && rows.length === 0 && (
          <Empty
            title={filtered ? "No request fits these filters" : "No request yet"}
            shape={<RowShapes rows={filtered ? 2 : 3} />}
            action={filtered ? <Button onClick={() => void navigate({ search: {} })}>Clear filters</Button> : may("member") && <Button look="primary" onClick={() => void navigate({ to: "/keys", search: { create: true } })}>Create key</Button>}
          >
            {filtered ? undefined : "Every request that a key makes leaves one row here, with its price."}
          </Empty>
        )}
        {rows.length > 0 && (
          <Table label="Requests" columns={COLUMNS} rows={rows} keyOf={(row) => row.id} open={(row) => void navigate({ search: (before) => ({ ...before, row: row.id }), state: BESIDE })} />
        )}
        {usage.hasNextPage && (
          <div className="border-t px-4 py-3 text-center">
            <Button size="small" busy={usage.isFetchingNextPage} onClick={() => void usage.fetchNextPage()}>
              Show older requests
            </Button>
          </div>
        )}
      </div>
      {open && <UsageDetail id={open} known={rows.find((row) => row.id === open)} onClose={closeRow} />}
    </>
  );
}

// Of the aggregates, so of all rows that fit and not of those on screen.
function Totals({ filter }: { filter: Pick<UsageSearch, "key" | "model" | "from" | "to"> }) {
  const { workspace } = useHere();
  const totals = useQuery({ ...usageTotalsQuery(workspace, "day", filter), refetchInterval: usePolling() });
  if (!totals.data) return null;
  const days = totals.data.data;
  const sum = (of: (total: (typeof days)[number]) => number) => days.reduce((all, day) => all + of(day), 0);
  const requests = sum((day) => day.requests);
  const figures = [
    { name: "Requests", value: formatCount(requests) },
    { name: "Errors", value: requests ? formatShare(sum((day) => day.errors) / requests) : "–" },
    { name: "Tokens", value: `${formatCompact(sum((day) => day.input_tokens))} in · ${formatCompact(sum((day) => day.output_tokens))} out` },
    { name: "Cost", value: formatMoney(totalCost(days)) },
  ];
  return (
    <dl className="mb-4 flex flex-wrap gap-x-8 gap-y-2">
      {figures.map((figure) => (
        <div key={figure.name} className="flex items-baseline gap-2">
          <dt className="text-sm text-muted">{figure.name}</dt>
          <dd className="numbers font-semibold">{figure.value}</dd>
        </div>
      ))}
    </dl>
  );
}

type SetFilter = (changes: { [Name in keyof UsageSearch]?: UsageSearch[Name] | undefined }) => void;

const MODELS_SHOWN = 100;

function Filters({ filter, set }: { filter: UsageSearch; set: SetFilter }) {
  const { workspace } = useHere();
  const models = useQuery(modelsQuery(workspace));
  const [modelText, setModelText] = useState("");
  const wanted = modelText.trim().toLowerCase();
  const modelChoices = (models.data?.data ?? []).filter(({ id }) => id.toLowerCase().includes(wanted)).slice(0, MODELS_SHOWN).map(({ id }) => ({ value: id, name: id }));
  // Those that are used most, until something is typed.
  const [text, setText] = useState("");
  const search = useDeferredValue(text.trim());
  const busiest = useQuery(busiestKeysQuery(workspace)).data?.data ?? [];
  const found = useQuery({ ...foundKeysQuery(workspace, search, 50), enabled: search !== "" }).data?.data ?? [];
  const chosen = useQuery({ ...keyQuery(workspace, filter.key ?? ""), enabled: filter.key?.startsWith("key_") === true }).data;
  const keyChoices = (search ? found : busiest).map((key) => ({ value: key.id, name: key.name, detail: formatCompact(key.request_count) }));
  return (
    <div className="flex flex-wrap items-center gap-2 border-b px-3 py-2">
      <ChipRow>
        <FindChip label="Key" hint="Find a key by its name" value={filter.key} name={chosen?.name ?? filter.key ?? ""} text={text} onText={setText} choices={keyChoices} onChange={(key) => set({ key })} />
        <FindChip label="Model" hint="Find a model" value={filter.model} name={filter.model ?? ""} text={modelText} onText={setModelText} choices={modelChoices} onChange={(model) => set({ model })} />
        <FilterChip
          label="Status"
          value={filter.status}
          choices={STATUSES}
          onChange={(status) => set({ status })}
        />
      </ChipRow>
      <span className="sm:ml-auto">
        <DateRange from={filter.from} to={filter.to} onChange={set} />
      </span>
    </div>
  );
}
