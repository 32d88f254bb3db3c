// API keys: searched and filtered by the server, as many as there are, with only what is in view drawn.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, Plus, Search } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";

import type { Key } from "@/api/contract";
import { keyCountsQuery, keysInView, keysQuery } from "@/api/queries";
import { usePolling } from "@/app/live";
import { useMayChange } from "@/app/may_change";
import { useHere } from "@/app/session";
import { formatCount, plural } from "@/lib/format";
import { unrevoked } from "@/lib/key_counts";
import { type KeySort, orderOf, pressed } from "@/lib/key_sort";
import { rowsOf } from "@/lib/long_list";
import type { KeysSearch } from "@/lib/search";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { ChipRow, FilterChip } from "@/ui/menu";
import { Empty, ReadProblem, RowShapes } from "@/ui/notice";
import { PageHead } from "@/ui/page";
import { Bone, Waiting } from "@/ui/skeleton";

import { useToggle } from "./changes";
import { CreateDialog } from "./create_dialog";
import { COLUMNS, KeyRow, type RowActions, rowHeight } from "./key_row";
import { RevokeDialog } from "./revoke_dialog";
import { RotateDialog } from "./rotate_dialog";

// Rows before the end at which the next ones are read.
const READ_AHEAD = 150;
const small = window.matchMedia("(max-width: 1279px)");
const STATUSES = [
  { value: undefined, name: "All" },
  { value: "active", name: "Active" },
  { value: "limited", name: "Limited" },
  { value: "disabled", name: "Disabled" },
  { value: "expired", name: "Expired" },
  { value: "revoked", name: "Revoked" },
] as const;

const SORTS = [
  { value: "name", name: "Name" },
  { value: "last_used", name: "Last used" },
  { value: "requests", name: "Requests" },
  { value: "errors", name: "Errors" },
  { value: "error_rate", name: "Error rate" },
] as const;

type Asked = { kind: "rotate" | "revoke"; key: Key } | null;

export function KeysPage() {
  const filter = useSearch({ from: "/shell/keys" });
  const navigate = useNavigate({ from: "/keys" });
  const { workspace, may } = useHere();
  const fresh = useLocation({ select: ({ state }) => state.fresh ?? null });
  const [asked, setAsked] = useState<Asked>(null);
  const toggle = useToggle();
  const mayChange = useMayChange();
  const list = useInfiniteQuery({ ...keysQuery(workspace, filter), refetchInterval: usePolling() });
  const keys = useMemo(() => rowsOf(list.data?.pages ?? []), [list.data]);
  const set: SetFilter = (changes) => void navigate({ search: (before) => ({ ...before, ...changes }), replace: true, state: true });
  const { mutate } = toggle;
  const actions = useMemo<RowActions>(
    () => ({
      open: (key) => void navigate({ to: "/keys/$id", params: { id: key.id } }),
      edit: (key) => void navigate({ to: "/keys/$id", params: { id: key.id }, search: { edit: "details" } }),
      rotate: (key) => setAsked({ kind: "rotate", key }),
      revoke: (key) => setAsked({ kind: "revoke", key }),
      toggle: (key, enabled) => mutate({ key, enabled }),
      mayChange,
    }),
    [navigate, mutate, mayChange],
  );
  const filtered = Boolean(filter.search || filter.status || filter.environment || filter.type || filter.tag);
  const create = () => void navigate({ search: (before) => ({ ...before, create: true }) });

  return (
    <>
      <PageHead
        title="API keys"
        actions={
          <>
            <SearchBox value={filter.search ?? ""} onChange={(search) => set({ search: search || undefined })} />
            {may("member") && (
              <Button look="primary" icon={<Plus aria-hidden className="size-4" />} onClick={create}>
                Create key
              </Button>
            )}
          </>
        }
      />
      <div className="rounded-panel border bg-panel">
        <Filters filter={filter} set={set} keys={keys} />
        {keys.length > 0 && <Heads filter={filter} set={set} />}
        {list.isPending && (
          <Waiting label="Loading keys">
            {Array.from({ length: 6 }, (_, row) => (
              <div key={row} className="flex h-14 items-center gap-3 border-b px-4">
                <Bone className="size-7" />
                <div className="w-48 space-y-2">
                  <Bone className="w-32" />
                  <Bone className="h-2 w-40" />
                </div>
                <Bone className="ml-8 hidden w-64 md:block" />
                <Bone className="ml-auto w-16" />
              </div>
            ))}
          </Waiting>
        )}
        <ReadProblem className="m-4" of={list} />
        {list.data && keys.length === 0 && !filtered && (
          <Empty
            title="No keys yet"
            shape={<RowShapes />}
            action={
              may("member") && (
                <Button look="primary" onClick={create}>
                  Create key
                </Button>
              )
            }
          >
            Give each application a key of its own: with limits, a history, and a switch.
          </Empty>
        )}
        {list.data && keys.length === 0 && filtered && (
          <Empty title="No key fits these filters" shape={<RowShapes rows={2} />} action={<Button onClick={() => void navigate({ search: {} })}>Clear filters</Button>} />
        )}
        {keys.length > 0 && (
          <Rows keys={keys} fresh={fresh} actions={actions} more={list.hasNextPage} loading={list.isFetchingNextPage} loadMore={() => void list.fetchNextPage()} />
        )}
      </div>
      <CreateDialog
        open={filter.create === true}
        onClose={(created) => {
          if (created) window.scrollTo(0, 0);
          void navigate({ search: created ? {} : (before) => ({ ...before, create: undefined }), replace: true, ...(created ? { state: { fresh: created.id } } : {}) });
        }}
      />
      {asked?.kind === "rotate" && <RotateDialog open of={asked.key} onClose={() => setAsked(null)} />}
      {asked?.kind === "revoke" && <RevokeDialog open of={asked.key} onClose={() => setAsked(null)} />}
    </>
  );
}

// What is typed goes to the URL, and so to the server, when the typing pauses.
function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const tell = useRef(onChange);
  tell.current = onChange;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => tell.current(text), 200);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <div className="relative max-sm:flex-1">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-2.5 size-4 text-muted" />
      <input
        type="search"
        aria-label="Search keys"
        placeholder="Name, tag or preview"
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="h-9 w-56 max-w-full rounded-control max-sm:w-full border border-edge/60 bg-panel pr-3 pl-8 hover:border-edge"
      />
    </div>
  );
}

type SetFilter = (changes: { [Name in keyof KeysSearch]?: KeysSearch[Name] | undefined }) => void;

// What stands over the columns, where there is room for all of them; a press sorts.
function Heads({ filter, set }: { filter: KeysSearch; set: SetFilter }) {
  const head = (column: KeySort, name: string, right?: "right") => {
    const active = filter.sort === column;
    const Arrow = orderOf(filter) === "asc" ? ArrowUp : ArrowDown;
    return (
      <button
        type="button"
        aria-label={`Sort by ${name.toLowerCase()}`}
        aria-pressed={active}
        onClick={() => set(pressed(filter, column))}
        className={cx("inline-flex h-8 items-center gap-1 whitespace-nowrap outline-offset-[-2px] hover:text-ink", right && "justify-end", active && "font-medium text-ink")}
      >
        {name}
        {active && <Arrow aria-hidden className="size-3" />}
      </button>
    );
  };
  return (
    <div role="group" aria-label="Columns" className={cx(COLUMNS, "hidden border-b bg-sunken text-xs text-muted xl:grid")}>
      <span />
      {head("name", "Name")}
      <span>Preview and tightest limit</span>
      <span>Status</span>
      {head("requests", "Requests", "right")}
      {head("error_rate", "Errors", "right")}
      {head("last_used", "Last used", "right")}
      <span className="w-[70px]" />
    </div>
  );
}

function Filters({ filter, set, keys }: { filter: KeysSearch; set: SetFilter; keys: Key[] }) {
  const { workspace } = useHere();
  const counted = useQuery({ ...keyCountsQuery(workspace, filter), refetchInterval: usePolling() }).data;
  const countOf = (status: KeysSearch["status"]) => counted && (status ? counted[status] : unrevoked(counted));
  const tags = useMemo(() => [...new Set([...(filter.tag ? [filter.tag] : []), ...keys.flatMap((key) => key.tags)])].sort(), [keys, filter.tag]);
  const found = countOf(filter.status);
  const narrowed = Boolean(filter.search || filter.status || filter.environment || filter.type || filter.tag);
  return (
    <div className="flex flex-wrap items-center gap-2 border-b px-3 py-2">
      <p role="status" className="sr-only">
        {narrowed && found !== undefined && `${plural(found, "key")} found`}
      </p>
      <div role="group" aria-label="Status" className="-ml-1 flex min-w-0 flex-1 basis-full overflow-x-auto sm:basis-auto">
        {STATUSES.map((status) => (
          <button
            key={status.name}
            type="button"
            aria-pressed={filter.status === status.value}
            onClick={() => set({ status: status.value })}
            className={cx("h-8 shrink-0 rounded-control px-2.5 text-sm outline-offset-[-2px]", filter.status === status.value ? "bg-hover font-medium text-ink" : "text-muted hover:text-ink")}
          >
            {status.name}{" "}
            {countOf(status.value) !== undefined && <span className="numbers ml-1.5 text-xs text-muted">{formatCount(countOf(status.value) ?? 0)}</span>}
          </button>
        ))}
      </div>
      <ChipRow>
        <FilterChip
          label="Environment"
          value={filter.environment}
          onChange={(value) => set({ environment: value as KeysSearch["environment"] })}
          choices={[
            { value: "production", name: "Production" },
            { value: "sandbox", name: "Sandbox" },
          ]}
        />
        <FilterChip
          label="Type"
          value={filter.type}
          onChange={(value) => set({ type: value as KeysSearch["type"] })}
          choices={[
            { value: "standard", name: "Standard" },
            { value: "profile", name: "Profile" },
            { value: "management", name: "Management" },
          ]}
        />
        {tags.length > 0 && <FilterChip label="Tag" value={filter.tag} onChange={(tag) => set({ tag })} choices={tags.map((tag) => ({ value: tag, name: tag }))} />}
        <FilterChip label="Sort" none="Newest first" value={filter.sort} onChange={(sort) => set({ sort: sort as KeysSearch["sort"], order: undefined })} choices={[...SORTS]} />
      </ChipRow>
    </div>
  );
}

function Rows({ keys, fresh, actions, more, loading, loadMore }: { keys: Key[]; fresh: string | null; actions: RowActions; more: boolean; loading: boolean; loadMore: () => void }) {
  const box = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => {
    if (box.current) setTop(box.current.getBoundingClientRect().top + window.scrollY);
  }, []);
  const rows = useWindowVirtualizer({
    count: keys.length,
    estimateSize: (index) => rowHeight(keys[index]!, small.matches ? "small" : "large"),
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => keys[index]!.id,
  });
  // A screen that is turned has rows of another height.
  useEffect(() => {
    const again = () => rows.measure();
    small.addEventListener("change", again);
    return () => small.removeEventListener("change", again);
  }, [rows]);
  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    keysInView.first = first;
    keysInView.last = last;
  }, [first, last]);
  useEffect(() => {
    if (more && !loading && last >= keys.length - READ_AHEAD) loadMore();
  }, [last, more, loading, keys.length, loadMore]);
  return (
    <>
      <ul ref={box} aria-label="Keys" className="relative" style={{ height: rows.getTotalSize() }}>
        {items.map((item) => (
          <li
            key={item.key}
            aria-posinset={item.index + 1}
            aria-setsize={more ? -1 : keys.length}
            className="absolute inset-x-0 top-0 last:[&>div]:border-b-0"
            style={{ height: item.size, transform: `translateY(${item.start - top}px)` }}
          >
            <KeyRow of={keys[item.index]!} fresh={keys[item.index]!.id === fresh} actions={actions} />
          </li>
        ))}
      </ul>
      {more && (
        <p aria-live="polite" className="px-4 py-3 text-center text-xs text-muted">
          {loading ? "Loading more" : ""}
        </p>
      )}
    </>
  );
}
