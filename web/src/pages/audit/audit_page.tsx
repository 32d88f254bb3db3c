// Audit: who changed what, before and after, and whether the chain of hashes still holds.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ShieldCheck } from "lucide-react";
import { useState } from "react";

import { api, unwrap } from "@/api/client";
import type { AuditRow } from "@/api/contract";
import { auditQuery, membersQuery } from "@/api/queries";
import { useActorName } from "@/app/actor";
import { useAsked } from "@/app/asked";
import { useHere } from "@/app/session";
import { ACTION_CHOICES } from "@/lib/audit_actions";
import { nameIn } from "@/lib/audit_names";
import { differences } from "@/lib/differences";
import { formatExact, plural } from "@/lib/format";
import type { AuditSearch } from "@/lib/search";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy";
import { Cut } from "@/ui/cut";
import { DateRange } from "@/ui/date_field";
import { SidePanel } from "@/ui/dialog";
import { ChipRow, FilterChip } from "@/ui/menu";
import { Empty, notifyProblem, ReadProblem, RowShapes } from "@/ui/notice";
import { Fact, Facts, PageHead } from "@/ui/page";
import { RowBones, Waiting } from "@/ui/skeleton";
import { type Column, Table } from "@/ui/table";
import { Time } from "@/ui/time";


const who = (row: AuditRow, actorName: (actor: string) => string) => {
  const known = actorName(row.actor);
  return known === row.actor ? (row.actor_name ?? row.actor) : known;
};

type Named = (row: AuditRow) => string;

// What the row itself says; else, where it is a person, who that is.
const namedBy = (actorName: (actor: string) => string): Named => (row) => {
  const known = nameIn(row) || actorName(row.object);
  return known === row.object ? "" : known;
};

// A small screen has room for who and when, what and on whom; the rest is in the row's panel.
const columnsOf = (actorName: (actor: string) => string, named: Named): Column<AuditRow>[] => [
  { name: "Time", wide: true, cell: (row) => <Time at={row.at} className="whitespace-nowrap text-muted" /> },
  {
    name: "Who",
    cell: (row) => (
      <span className="block max-w-44 py-1 max-sm:max-w-28">
        <span className="block truncate" title={row.actor_name ?? row.actor}><bdi>{who(row, actorName)}</bdi></span>
        <Time at={row.at} className="text-xs whitespace-nowrap text-muted sm:hidden" />
      </span>
    ),
  },
  {
    name: "What",
    cell: (row) => (
      <span className="block max-sm:max-w-40">
        <span className="font-mono text-xs whitespace-nowrap">{row.action}</span>
        <Cut text={named(row) || row.object} className="text-xs text-muted sm:hidden" />
      </span>
    ),
  },
  {
    name: "On",
    wide: true,
    cell: (row) => (
      <span className="flex max-w-96 items-baseline gap-2">
        {named(row) && <Cut text={named(row)} className="shrink-[0.01] font-medium" />}
        <Cut text={row.object} className="font-mono text-xs text-muted" />
      </span>
    ),
  },
  { name: "Changed", wide: true, cell: (row) => <span className="block max-w-60 truncate text-muted">{row.before ? differences(row.before, row.after).map((one) => one.member).join(", ") : ""}</span> },
  { name: "From", wide: true, cell: (row) => <span className="font-mono text-xs whitespace-nowrap text-muted">{row.from}</span> },
];

type SetFilter = (changes: { [Name in keyof AuditSearch]?: AuditSearch[Name] | undefined }) => void;

export function AuditPage() {
  const { workspace } = useHere();
  const filter = useSearch({ from: "/shell/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const [open, setOpen] = useState<AuditRow | null>(null);
  const actorName = useActorName();
  const named = namedBy(actorName);
  const audit = useInfiniteQuery(auditQuery(workspace, filter));
  const members = useQuery(membersQuery(workspace));
  const set: SetFilter = (changes) => void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  const filtered = Object.values(filter).some(Boolean);
  const rows = audit.data?.pages.flatMap((page) => page.data) ?? [];
  const objects = [...new Map(rows.map((row) => [row.object, named(row)])).entries()].slice(0, 100);
  const actors = [
    ...new Map([
      ["cli", "local CLI"],
      ...(members.data?.data ?? []).map((member) => [member.id, member.email] as const),
      ...rows.map((row) => [row.actor, row.actor_name ?? row.actor] as const),
    ] as [string, string][]),
  ].map(([value, name]) => ({ value, name }));
  return (
    <>
      <PageHead title="Audit" actions={<Verify />} />
      <div className="rounded-panel border bg-panel">
        <div className="flex flex-wrap items-center gap-2 border-b px-3 py-2">
          <ChipRow>
            <FilterChip label="Action" value={filter.action} onChange={(action) => set({ action })} choices={ACTION_CHOICES} />
            <FilterChip label="Who" value={filter.actor} onChange={(actor) => set({ actor })} choices={actors} />
            <FilterChip label="Object" value={filter.object} onChange={(object) => set({ object })} choices={objects.map(([id, name]) => ({ value: id, name: name || id, detail: name ? id : undefined }))} />
          </ChipRow>
          <span className="sm:ml-auto">
            <DateRange from={filter.from} to={filter.to} onChange={set} />
          </span>
        </div>
        {audit.isPending && (
          <Waiting label="Loading the audit trail">
            <RowBones widths={["w-16", "w-24", "w-28", "w-48"]} />
          </Waiting>
        )}
        <ReadProblem className="m-4" of={audit} />
        {audit.data && rows.length === 0 && filtered && <Empty title="No change fits these filters" shape={<RowShapes rows={2} />} action={<Button onClick={() => void navigate({ search: {} })}>Clear filters</Button>} />}
        {audit.data && rows.length === 0 && !filtered && <Empty title="No change yet" shape={<RowShapes />}>Every change that somebody makes is kept here, and cannot be edited unseen.</Empty>}
        {rows.length > 0 && (
          <Table label="Changes" columns={columnsOf(actorName, named)} rows={rows} keyOf={(row) => String(row.id)} open={setOpen} />
        )}
        {audit.hasNextPage && (
          <div className="border-t px-4 py-3 text-center">
            <Button size="small" busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
              Show older changes
            </Button>
          </div>
        )}
      </div>
      {open && <AuditDetail of={open} name={named(open)} onClose={() => setOpen(null)} />}
    </>
  );
}

function Verify() {
  const verify = useMutation({ mutationFn: () => unwrap(api.GET("/admin/v1/audit/verify", {})), onError: notifyProblem });
  const verdict = verify.data;
  useAsked("verify", () => verify.mutate());
  return (
    <>
      <span role="status" className="text-sm">
        {verdict && (verdict.valid ? <span className="text-good">✓ {plural(verdict.rows, "row")} sound</span> : <span className="text-bad">✕ Row {verdict.first_bad}: {verdict.problem}</span>)}
      </span>
      <Button icon={<ShieldCheck aria-hidden className="size-4" />} busy={verify.isPending} onClick={() => verify.mutate()}>
        Verify the chain
      </Button>
    </>
  );
}

function AuditDetail({ of, name, onClose }: { of: AuditRow; name: string; onClose: () => void }) {
  const changes = differences(of.before, of.after);
  return (
    <SidePanel open onOpenChange={(next) => !next && onClose()} title={<>{of.action} <bdi>{name}</bdi></>}>
      <Facts>
        <Fact name="Row">{of.id}</Fact>
        <Fact name="When">{formatExact(of.at)}</Fact>
        <Fact name="Who"><bdi>{of.actor_name ?? of.actor}</bdi></Fact>
        {of.actor_name && <Fact name="Their id" mono>{of.actor}</Fact>}
        <Fact name="From" mono>{of.from}</Fact>
        <Fact name="On" mono><bdi>{of.object}</bdi></Fact>
        <Fact name="Hash" mono>
          <span className="flex items-center gap-1">
            <span className="truncate">{of.hash}</span>
            <CopyButton bare look="quiet" text={of.hash} label="Copy the hash" />
          </span>
        </Fact>
      </Facts>
      <h3 className="mt-6 mb-3 text-sm font-semibold">{of.before ? "Changed" : "Made"}</h3>
      {changes.length === 0 ? (
        <p className="text-sm text-muted">Nothing that is shown here.</p>
      ) : (
        <dl className="space-y-3">
          {changes.map((change) => (
            <div key={change.member} className="overflow-hidden rounded-panel border text-xs">
              <dt className="border-b bg-sunken px-3 py-1.5 font-mono">{change.member}</dt>
              {of.before && (
                <dd className="border-b bg-bad-soft px-3 py-1.5 font-mono break-words">
                  <span aria-label="before">− </span>
                  <bdi>{change.before}</bdi>
                </dd>
              )}
              <dd className="bg-good-soft px-3 py-1.5 font-mono break-words">
                <span aria-label="after">+ </span>
                <bdi>{change.after}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </SidePanel>
  );
}
