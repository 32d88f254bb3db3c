// Credits: what is left, what was granted, and the day it runs out if spending goes on as it did.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";

import { api, unwrap } from "@/api/client";
import type { Grant, Workspace } from "@/api/contract";
import { grantsQuery, usageTotalsQuery, workspaceQuery } from "@/api/queries";
import { useActorName } from "@/app/actor";
import { useAsked } from "@/app/asked";
import { usePolling } from "@/app/live";
import { useHere } from "@/app/session";
import { gatewayNow } from "@/lib/clock";
import { forecast, FORECAST_DAYS } from "@/lib/forecast";
import { formatDate, formatDays, formatDecimal, formatExact } from "@/lib/format";
import { exactMoney, formatMoney, moneyNumber, nanoOf } from "@/lib/money";
import { Once } from "@/lib/once";
import { Button } from "@/ui/button";
import { Chart } from "@/ui/chart";
import { Cut } from "@/ui/cut";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { Empty, notify, ProblemNote, ReadProblem, RowShapes } from "@/ui/notice";
import { PageHead, Panel } from "@/ui/page";
import { Bone, Waiting } from "@/ui/skeleton";
import { Table } from "@/ui/table";
import { Time } from "@/ui/time";

const since = () => new Date(gatewayNow() - (FORECAST_DAYS - 1) * 86_400_000).toISOString().slice(0, 10);

export function CreditsPage() {
  const { workspace, may } = useHere();
  const [granting, setGranting] = useState(false);
  useAsked("grant", () => may("operator") && setGranting(true));
  const [from] = useState(since);
  const here = useQuery({ ...workspaceQuery(workspace), refetchInterval: usePolling() });
  const days = useQuery(usageTotalsQuery(workspace, "day", { from }));
  const spent = fillDays(from, days.data?.data ?? []);
  return (
    <>
      <PageHead
        title="Credits"
        actions={
          may("operator") && (
            <Button look="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => setGranting(true)}>
              Grant credits
            </Button>
          )
        }
      />
      <ReadProblem of={here} />
      {here.isPending && (
        <Waiting label="Loading the balance">
          <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
            {[0, 1, 2, 3].map((figure) => (
              <Bone key={figure} className="h-24 w-full" />
            ))}
          </div>
          <Bone className="mt-4 h-60 w-full" />
        </Waiting>
      )}
      {here.data && (
        <div className="space-y-4">
          <Balance of={here.data} days={spent} operator={may("operator")} />
          <Panel>
            <Chart
              title={`Charged in the last ${FORECAST_DAYS} days`}
              total={formatMoney(sumCharged(spent))}
              at={spent.map((day) => `${day.day}T00:00:00Z`)}
              series={[{ name: "Charged", tone: "accent", as: "bars", values: spent.map((day) => moneyNumber(day.charged)) }]}
              format={(value) => (value === 0 ? "$0" : value >= 1 ? `$${value.toFixed(0)}` : `$${value.toPrecision(2)}`)}
              height={180}
            />
          </Panel>
          <Grants id={here.data.id} grant={may("operator") ? () => setGranting(true) : null} />
        </div>
      )}
      {granting && here.data && <GrantDialog of={here.data} onClose={() => setGranting(false)} />}
    </>
  );
}

interface Day {
  day: string;
  charged: string;
}

const sumCharged = (days: Day[]) => {
  const nano = days.reduce((sum, day) => sum + (nanoOf(day.charged) ?? 0n), 0n);
  return `${nano / 1_000_000_000n}.${(nano % 1_000_000_000n).toString().padStart(9, "0")}`;
};

// A day without a request has no row, and cost nothing.
function fillDays(from: string, rows: { day?: string | undefined; charged: string }[]): Day[] {
  const known = new Map(rows.map((row) => [row.day, row.charged]));
  return Array.from({ length: FORECAST_DAYS }, (_, index) => {
    const day = new Date(Date.parse(from) + index * 86_400_000).toISOString().slice(0, 10);
    return { day, charged: known.get(day) ?? "0" };
  });
}

function Balance({ of, days, operator }: { of: Workspace; days: Day[]; operator: boolean }) {
  const { balance } = of;
  const end = balance.available === null ? null : forecast(balance.available, days.map((day) => day.charged), gatewayNow());
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-panel border bg-panel lg:grid-cols-4">
      <Figure name={balance.mode === "prepaid" ? "Available" : "Balance"} value={balance.available === null ? "Unlimited" : formatMoney(balance.available)} exact={balance.available === null ? undefined : exactMoney(balance.available)} note={balance.credits === null ? (operator ? "make it prepaid in Settings" : "no prepaid balance holds it") : `${formatDecimal(balance.credits)} credits`} />
      <Figure name="Granted" value={formatMoney(balance.granted)} exact={exactMoney(balance.granted)} note="deductions taken off" />
      <Figure name="Charged" value={formatMoney(balance.charged)} exact={exactMoney(balance.charged)} note={`${formatMoney(balance.held)} held by open requests`} />
      <Figure
        name="Runs out"
        exact={end?.kind === "on" ? formatExact(end.on) : undefined}
        value={end === null ? "–" : end.kind === "spent" ? "Spent" : end.kind === "never" ? "Not soon" : formatDate(end.on)}
        note={end?.kind === "on" ? `in ${formatDays(Date.parse(end.on) - gatewayNow())}, at ${formatMoney(end.perDay)} a day` : end?.kind === "never" ? "nothing is being charged" : end?.kind === "spent" ? "requests are refused" : "unlimited balances do not"}
      />
    </dl>
  );
}

const Figure = ({ name, value, exact, note }: { name: string; value: string; exact?: string; note: string }) => (
  <div className="p-4 not-first:border-l max-lg:odd:border-l-0 max-lg:[&:nth-child(n+3)]:border-t">
    <dt className="text-sm text-muted">{name}</dt>
    <dd className="mt-1">
      <span className="numbers block text-xl font-semibold tracking-[-0.02em] sm:text-2xl" title={exact}>
        {value}
      </span>
      <span className="numbers mt-0.5 block text-xs text-muted">{note}</span>
    </dd>
  </div>
);

function Grants({ id, grant }: { id: string; grant: (() => void) | null }) {
  const actorName = useActorName();
  const grants = useInfiniteQuery(grantsQuery(id));
  const rows = grants.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Panel title="Grants" flush>
      <ReadProblem className="m-4" of={grants} />
      {grants.data && rows.length === 0 && (
        <Empty title="No grant yet" shape={<RowShapes rows={2} />} action={grant && <Button onClick={grant}>Grant credits</Button>}>
          A grant adds to the balance that the workspace’s keys share.
        </Empty>
      )}
      {rows.length > 0 && (
        <Table<Grant>
          label="Grants"
          rows={rows}
          keyOf={(row) => row.id}
          columns={[
            { name: "Time", cell: (row) => <Time at={row.at} className="whitespace-nowrap text-muted" /> },
            { name: "Amount", className: "text-right", cell: (row) => <span className="numbers font-medium" title={exactMoney(row.amount)}>{formatMoney(row.amount)}</span> },
            { name: "Credits", className: "text-right", cell: (row) => <span className="numbers text-muted" title={row.credits}>{formatDecimal(row.credits)}</span> },
            { name: "Note", cell: (row) => <Cut text={row.note ?? ""} className="max-w-96" /> },
            { name: "By", cell: (row) => <bdi className="text-muted">{actorName(row.actor)}</bdi> },
          ]}
        />
      )}
      {grants.hasNextPage && (
        <div className="border-t px-4 py-3 text-center">
          <Button size="small" busy={grants.isFetchingNextPage} onClick={() => void grants.fetchNextPage()}>
            Show older grants
          </Button>
        </div>
      )}
    </Panel>
  );
}

function GrantDialog({ of, onClose }: { of: Workspace; onClose: () => void }) {
  const client = useQueryClient();
  const [amount, setAmount] = useState("");
  const [unit, setUnit] = useState<"usd" | "credits">("usd");
  const [note, setNote] = useState("");
  const [once] = useState(() => new Once());
  const nano = nanoOf(amount.trim());
  const grant = useMutation({
    mutationFn: () => {
      const body = { amount: amount.trim(), unit, ...(note.trim() ? { note: note.trim() } : {}) };
      return unwrap(
        api.POST("/admin/v1/workspaces/{id}/grants", {
          params: { path: { id: of.id }, header: { "Idempotency-Key": once.ask(body).key }, query: { workspace: of.id } },
          body,
        }),
      );
    },
    onSuccess: () => {
      notify(nano !== null && nano < 0n ? "Deducted." : "Granted.");
      void client.invalidateQueries({ queryKey: ["workspace", of.id] });
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<>Grant credits to <bdi>{of.name}</bdi></>}
      description="A row that stays: a mistake is put right by another one. Below zero deducts."
      onSubmit={() => nano && grant.mutate()}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={!nano} busy={grant.isPending}>
            {nano !== null && nano < 0n ? "Deduct" : "Grant"}
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <div className="grid grid-cols-[minmax(0,1fr)_140px] gap-3">
          <Field label="Amount" problem={amount && nano === null ? "A number, such as 25 or -2.50." : null}>
            {(field) => <Input {...field} autoFocus inputMode="decimal" className="numbers" value={amount} onChange={(event) => setAmount(event.target.value)} />}
          </Field>
          <Field label="Unit">
            {(field) => (
              <Select {...field} value={unit} onChange={(event) => setUnit(event.target.value as "usd" | "credits")}>
                <option value="usd">USD</option>
                <option value="credits">Credits</option>
              </Select>
            )}
          </Field>
        </div>
        <Field label="Note" optional>
          {(field) => <Input {...field} placeholder="invoice 2026-117" maxLength={1024} value={note} onChange={(event) => setNote(event.target.value)} />}
        </Field>
        {grant.error && <ProblemNote error={grant.error} />}
      </div>
    </Dialog>
  );
}
