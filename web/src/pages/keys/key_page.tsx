// One key: who it is, its limits, how it does, its secrets, its last requests.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Ban, ChevronLeft, RefreshCw } from "lucide-react";
import { type ReactNode, useState } from "react";

import type { Key, KeySecret } from "@/api/contract";
import { keyOverviewQuery, keyQuery, usageQuery } from "@/api/queries";
import { useActorName } from "@/app/actor";
import { useAsked } from "@/app/asked";
import { usePolling } from "@/app/live";
import { useMayChange } from "@/app/may_change";
import { useHere, useSession } from "@/app/session";
import { formatCount, formatDays, formatExact, formatShare, plural } from "@/lib/format";
import { secretAdvice } from "@/lib/key_changes";
import { policySentence } from "@/lib/key_form";
import { RANGES } from "@/lib/search";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy";
import { cx } from "@/ui/cx";
import { KeyIcon } from "@/ui/key_icon";
import { LimitBar } from "@/ui/limit_bar";
import { ProblemNote, ReadProblem } from "@/ui/notice";
import { PageHead, Panel, Segments } from "@/ui/page";
import { Bone, RowBones, Waiting } from "@/ui/skeleton";
import { EnvironmentTag, Status, Tag } from "@/ui/status";
import { Switch } from "@/ui/switch";
import { Table } from "@/ui/table";
import { Time, useNow } from "@/ui/time";

import { RequestList } from "../request_list";
import { SeriesCharts, TopModels } from "../series_charts";
import { useToggle } from "./changes";
import { EditButton, EditForm, type Editing, useEditing } from "./editing";
import { TYPE_NAMES } from "./key_row";
import { RevokeDialog } from "./revoke_dialog";
import { RotateDialog } from "./rotate_dialog";

const Crumb = () => (
  <Link to="/keys" className="mb-2 inline-flex items-center gap-1 text-sm text-muted hover:text-ink">
    <ChevronLeft aria-hidden className="size-4" />
    API keys
  </Link>
);

export function KeyPage() {
  const { id } = useParams({ from: "/shell/keys/$id" });
  const { workspace } = useHere();
  const key = useQuery({ ...keyQuery(workspace, id), refetchInterval: usePolling() });
  if (key.error && !key.data) {
    return (
      <>
        <PageHead crumb={<Crumb />} title="API key" />
        <ProblemNote error={key.error} retry={() => void key.refetch()} />
      </>
    );
  }
  if (!key.data) {
    return (
      <Waiting label="Loading the key">
        <Bone className="mb-6 h-7 w-64" />
        <Bone className="mb-4 h-28 w-full" />
        <Bone className="h-72 w-full" />
      </Waiting>
    );
  }
  return <Shown key={key.data.id} of={key.data} />;
}

function Shown({ of }: { of: Key }) {
  const navigate = useNavigate();
  const toggle = useToggle();
  const [asked, setAsked] = useState<"rotate" | "revoke" | null>(null);
  const actorName = useActorName();
  const changeable = useMayChange()(of);
  const editing = useEditing(changeable);
  useAsked("rotate", () => changeable && setAsked("rotate"));
  useAsked("revoke", () => changeable && setAsked("revoke"));
  useAsked("toggle", () => changeable && toggle.mutate({ key: of, enabled: !of.enabled }));
  const newest = of.secrets.find(({ purpose }) => purpose === "client");
  const { secret_age_warning_days } = useSession();
  const now = useNow();
  const old = newest && of.status !== "revoked" && secretAdvice(newest, now, secret_age_warning_days).kind === "old";
  return (
    <>
      <PageHead
        crumb={<Crumb />}
        icon={<KeyIcon large icon={of.icon} name={of.name} sandbox={of.environment === "sandbox"} />}
        title={of.name}
        actions={
          changeable && (
            <>
              <Switch checked={of.enabled} onChange={(enabled) => toggle.mutate({ key: of, enabled })} label={of.enabled ? `Disable ${of.name}` : `Enable ${of.name}`} />
              <span className="w-1" />
              <EditButton part="details" editing={editing} name="Edit details" />
              <Button icon={<RefreshCw aria-hidden className="size-3.5" />} onClick={() => setAsked("rotate")}>
                Rotate secret
              </Button>
              <Button look="warn" icon={<Ban aria-hidden className="size-3.5" />} onClick={() => setAsked("revoke")}>
                Revoke key
              </Button>
            </>
          )
        }
      >
        <p className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-1.5 text-sm text-muted">
          <Status value={of.status} className="text-ink" />
          <span className="font-mono text-xs text-ink">
            {of.prefix.replace("...", "…")}
            {of.last4}
          </span>
          <EnvironmentTag value={of.environment} />
          <span>{TYPE_NAMES[of.type]}</span>
          {of.tags.map((tag) => (
            <Tag key={tag}>{tag}</Tag>
          ))}
          {old && <Tag tone="warning">Time to rotate</Tag>}
          <span>
            made <Time at={of.created_at} /> by <bdi>{actorName(of.created_by)}</bdi>
          </span>
          <span>
            last used <Time at={of.last_used_at} />
          </span>
          <span className="inline-flex items-center gap-0.5 font-mono text-xs">
            {of.id}
            <CopyButton bare look="quiet" text={of.id} label="Copy the key’s id" />
          </span>
        </p>
        {of.description && editing.part !== "details" && (
          <p dir="auto" className="mt-3 max-w-prose break-words whitespace-pre-wrap text-muted">
            {of.description}
          </p>
        )}
        {editing.part === "details" && (
          <Panel className="mt-4">
            <EditForm of={of} part="details" editing={editing} />
          </Panel>
        )}
      </PageHead>
      <div className="space-y-4">
        <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
          <Limits of={of} editing={editing} />
          <Policy of={of} editing={editing} />
        </div>
        {of.type !== "management" && <Activity id={of.id} />}
        <Secrets secrets={of.secrets} revoked={of.status === "revoked"} />
        {of.type !== "management" && <Recent id={of.id} />}
      </div>
      {asked === "rotate" && <RotateDialog open of={of} onClose={() => setAsked(null)} />}
      {asked === "revoke" && (
        <RevokeDialog
          open
          of={of}
          onClose={(revoked) => {
            setAsked(null);
            if (revoked) void navigate({ to: "/keys" });
          }}
        />
      )}
    </>
  );
}

// Beside each other as long as they are read; the policy's fields take the whole width.
const placed = ({ part }: Editing) => cx(part === "limits" && "self-start", part === "policy" && "lg:col-span-2");

function Limits({ of, editing }: { of: Key; editing: Editing }) {
  const limited = of.type !== "management";
  const open = editing.part === "limits" && limited;
  return (
    <Panel
      title="Limits"
      className={placed(editing)}
      actions={
        <>
          {!open && of.enforcement === "soft" && of.limits.length > 0 && <Tag title="Requests under way may finish above a limit">Soft</Tag>}
          {limited && <EditButton quiet="quiet" part="limits" editing={editing} name="Edit limits" />}
        </>
      }
    >
      {open ? <EditForm of={of} part="limits" editing={editing} /> : <Bars of={of} add={limited && editing.allowed ? () => editing.begin("limits") : undefined} />}
    </Panel>
  );
}

function Bars({ of, add }: { of: Key; add: (() => void) | undefined }) {
  if (of.limits.length === 0) {
    return (
      <p className="text-sm text-muted">
        None. {of.type !== "management" && "Only the workspace’s own limits and its balance hold it."}{" "}
        {add && (
          <button type="button" className="text-accent underline underline-offset-4" onClick={add}>
            Add a limit
          </button>
        )}
      </p>
    );
  }
  return (
    <div className={cx("grid gap-x-8 gap-y-5", of.limits.length > 1 && "sm:grid-cols-2")}>
      {of.limits.map((limit) => (
        <LimitBar key={limit.id} limit={limit} />
      ))}
    </div>
  );
}

function Policy({ of, editing }: { of: Key; editing: Editing }) {
  const open = editing.part === "policy";
  return (
    <Panel title="Policy" className={cx(placed(editing), open && "lg:order-first")} actions={<EditButton quiet="quiet" part="policy" editing={editing} name="Edit policy" />}>
      {open ? (
        <EditForm of={of} part="policy" editing={editing} />
      ) : (
        <>
          <p className="text-sm break-words">
            <bdi>{policySentence(of)}</bdi>
          </p>
          {of.prefer_low_carbon && <p className="mt-2 text-sm">Prefers providers on a low-carbon grid.</p>}
          <dl className="numbers mt-4 grid grid-cols-2 gap-3 text-sm">
            <div>
              <dt className="text-xs text-muted">Requests</dt>
              <dd className="text-lg font-semibold">{formatCount(of.request_count)}</dd>
            </div>
            <div>
              <dt className="text-xs text-muted">Errors</dt>
              <dd className="text-lg font-semibold">{of.request_count ? formatShare(of.error_count / of.request_count) : "–"}</dd>
            </div>
          </dl>
        </>
      )}
    </Panel>
  );
}

function Activity({ id }: { id: string }) {
  const { workspace } = useHere();
  const { range = "24h" } = useSearch({ from: "/shell/keys/$id" });
  const navigate = useNavigate({ from: "/keys/$id" });
  const overview = useQuery({ ...keyOverviewQuery(workspace, id, range), refetchInterval: usePolling() });
  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
      <Panel
        flush
        title="Activity"
        actions={<Segments label="Range" value={range} onChange={(next) => void navigate({ search: (before) => ({ ...before, range: next }), replace: true, state: true })} options={RANGES.map((value) => ({ value, name: value.replace("d", " d").replace("h", " h") }))} />}
      >
        <ReadProblem className="m-4" of={overview} />
        {overview.isPending && (
          <Waiting label="Loading charts">
            <div className="grid gap-4 p-4 md:grid-cols-2">
              {[0, 1, 2, 3].map((chart) => (
                <Bone key={chart} className="h-40 w-full" />
              ))}
            </div>
          </Waiting>
        )}
        {overview.data && <SeriesCharts points={overview.data.series} sync={`key-${id}`} />}
      </Panel>
      <Panel title="Top models" className="self-start">{overview.data ? <TopModels models={overview.data.top_models} /> : overview.isPending ? <Waiting label="Loading models"><Bone className="h-24 w-full" /></Waiting> : <p className="text-sm text-muted">–</p>}</Panel>
    </div>
  );
}

function advice(secret: KeySecret, now: number, oldDays: number): ReactNode {
  if (secret.purpose === "playground") return <Tag>{secret.retires_at && Date.parse(secret.retires_at) > now ? "Playground" : "Playground, ended"}</Tag>;
  const { kind, since } = secretAdvice(secret, now, oldDays);
  if (kind === "safe") return <Tag tone="good" title={secret.last_used_at ? `Last used ${formatExact(secret.last_used_at)}` : undefined}>Safe to retire: {secret.last_used_at ? `unused for ${formatDays(since)}` : "never used"}</Tag>;
  if (kind === "used") return <Tag tone="warning" title={`Last used ${formatExact(secret.last_used_at)}`}>Still in use</Tag>;
  if (kind === "old") return <Tag tone="warning" title={`Made ${formatExact(secret.created_at)}`}>Time to rotate: {formatDays(since)} old</Tag>;
  return <span className="text-muted">Current</span>;
}

function Secrets({ secrets, revoked }: { secrets: KeySecret[]; revoked: boolean }) {
  const { secret_age_warning_days } = useSession();
  const now = useNow();
  return (
    <Panel title="Secrets" flush>
      <Table
        label="Secrets"
        rows={secrets}
        keyOf={(secret) => secret.id}
        columns={[
          {
            name: "Preview",
            cell: (secret) => (
              <span className="block py-1.5">
                <span className="block font-mono text-xs whitespace-nowrap">{secret.prefix.replace("...", "…")}{secret.last4}</span>
                <span className="mt-0.5 block text-xs">{revoked ? <span className="text-muted">Revoked</span> : advice(secret, now, secret_age_warning_days)}</span>
              </span>
            ),
          },
          { name: "Made", wide: true, cell: (secret) => <Time at={secret.created_at} className="whitespace-nowrap" /> },
          { name: "Last used", cell: (secret) => <Time at={secret.last_used_at} className="whitespace-nowrap" /> },
          { name: "Requests", className: "text-right", cell: (secret) => <span className="numbers" title={plural(secret.error_count, "error")}>{formatCount(secret.request_count)}</span> },
          { name: "Retires", wide: true, cell: (secret) => (secret.retires_at ? <Time at={secret.retires_at} className="whitespace-nowrap" /> : <span className="text-muted">–</span>) },
        ]}
      />
    </Panel>
  );
}

function Recent({ id }: { id: string }) {
  const { workspace } = useHere();
  const usage = useInfiniteQuery({ ...usageQuery(workspace, { key: id }, 10), refetchInterval: usePolling() });
  const rows = usage.data?.pages[0]?.data ?? [];
  return (
    <Panel
      title="Recent requests"
      flush
      actions={
        <Link to="/usage" search={{ key: id }} className="text-sm text-accent underline-offset-4 hover:underline">
          All usage
        </Link>
      }
    >
      <ReadProblem className="m-4" of={usage} />
      {usage.isPending && (
        <Waiting label="Loading the last requests">
          <RowBones rows={4} />
        </Waiting>
      )}
      {usage.data && rows.length === 0 && <p className="p-4 text-sm text-muted">None yet. The first one shows here as it happens.</p>}
      {rows.length > 0 && <RequestList rows={rows} />}
    </Panel>
  );
}
