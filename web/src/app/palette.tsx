// ⌘K: every page, key, action and workspace, by typing a few letters of it.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Ban, Building2, Clock, Coins, CornerDownLeft, Download, KeyRound, Lock, LogOut, type LucideIcon, Monitor, Moon, Pencil, Plus, Power, RefreshCw, Search, ShieldCheck, Sun, UserPlus } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useEffect, useId, useMemo, useState } from "react";

import type { Key } from "@/api/contract";
import { foundKeysQuery } from "@/api/queries";
import { fit } from "@/lib/fuzzy";
import type { KeyPart } from "@/lib/search";
import { cx } from "@/ui/cx";
import { useFocusReturn } from "@/ui/dialog";

import type { Asked } from "./asked";
import { BESIDE } from "./beside";
import { useMayChange } from "./may_change";
import { type Place, PLACES } from "./navigation";
import { useHere } from "./session";
import { useSignOut } from "./sign_out";
import { setTheme } from "./theme";
import { useWorkspaces } from "./workspaces";

interface Entry {
  id: string;
  group: string;
  name: string;
  detail?: string;
  words?: string;
  icon: ReactNode;
  run: () => void;
}

const MOST: Record<string, number> = { Workspaces: 5 };
const ICON = "size-4 shrink-0 text-muted";

export function Palette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const giveBack = useFocusReturn(open);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 animate-appear bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          onCloseAutoFocus={giveBack}
          className="fixed inset-x-0 top-[12vh] z-50 mx-auto w-[600px] max-w-[calc(100vw-24px)] animate-rise overflow-hidden rounded-xl bg-panel shadow-float outline-none"
        >
          <Radix.Title className="sr-only">Go to a page, a key or an action</Radix.Title>
          <Results close={() => onOpenChange(false)} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

// Everything that can be done from anywhere, and to the key whose page is open.
function useActions(): Entry[] {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { workspace, may } = useHere();
  const mayChange = useMayChange();
  const signOut = useSignOut();
  const { id } = useParams({ strict: false });
  const key = id ? client.getQueryData<Key>(["keys", workspace, "one", id]) : undefined;
  const asked = (to: Place["to"], what: Asked) => () => void navigate({ to, search: { do: what } });
  const { edit } = useSearch({ strict: false });
  const editing = (part: KeyPart) => () => void navigate({ to: "/keys/$id", params: { id: id! }, search: (before) => ({ ...before, edit: part }), replace: edit !== undefined, state: edit === undefined ? BESIDE : true });
  const ofKey = (what: Asked) => () => void navigate({ to: "/keys/$id", params: { id: id! }, search: { do: what } });
  const all: (Omit<Entry, "group" | "icon"> & { icon: LucideIcon; needs?: Place["needs"] })[] = [
    { id: "create-key", name: "Create key", words: "new add", icon: Plus, needs: "member", run: () => void navigate({ to: "/keys", search: { create: true } }) },
    { id: "create-profile", name: "Create profile", words: "new add routing rules", icon: Plus, needs: "admin", run: asked("/profiles", "create") },
    { id: "add-provider", name: "Add provider", words: "new upstream connect", icon: Plus, needs: "operator", run: asked("/providers", "add") },
    { id: "invite", name: "Invite", words: "member person add", icon: UserPlus, needs: "admin", run: asked("/members", "invite") },
    { id: "grant", name: "Grant credits", words: "top up balance money deduct", icon: Coins, needs: "operator", run: asked("/credits", "grant") },
    { id: "verify", name: "Verify the audit chain", words: "check hashes", icon: ShieldCheck, needs: "admin", run: asked("/audit", "verify") },
    { id: "workspace", name: "Edit workspace", words: "rename limits balance prepaid", icon: Pencil, needs: "operator", run: asked("/settings", "edit") },
    { id: "clock", name: "Move test clock", words: "sandbox time forward", icon: Clock, needs: "admin", run: asked("/settings", "clock") },
    { id: "csv", name: "Download usage as CSV", words: "export", icon: Download, run: () => location.assign(`/admin/v1/usage?${new URLSearchParams({ workspace, format: "csv" })}`) },
    { id: "password", name: "Change password", words: "security", icon: Lock, run: asked("/settings", "password") },
    { id: "dark", name: "Dark theme", words: "night appearance", icon: Moon, run: () => setTheme("dark") },
    { id: "light", name: "Light theme", words: "day appearance", icon: Sun, run: () => setTheme("light") },
    { id: "system", name: "Theme of the system", words: "appearance automatic", icon: Monitor, run: () => setTheme("system") },
    { id: "sign-out", name: "Sign out", words: "log out leave", icon: LogOut, run: () => void signOut() },
  ];
  const open = key && mayChange(key) ? key : undefined;
  const here: typeof all = open
    ? [
        { id: "edit-key", name: `Edit ${open.name}`, words: "change this key", icon: Pencil, run: editing("details") },
        ...(open.type === "management" ? [] : [{ id: "edit-limits", name: `Edit the limits of ${open.name}`, words: "change this key", icon: Pencil, run: editing("limits") }]),
        { id: "edit-policy", name: `Edit the policy of ${open.name}`, words: "change this key models region networks expiry", icon: Pencil, run: editing("policy") },
        { id: "rotate-key", name: `Rotate the secret of ${open.name}`, words: "this key", icon: RefreshCw, run: ofKey("rotate") },
        { id: "toggle-key", name: `${open.enabled ? "Disable" : "Enable"} ${open.name}`, words: "switch this key off on", icon: Power, run: ofKey("toggle") },
        { id: "revoke-key", name: `Revoke ${open.name}`, words: "delete this key", icon: Ban, run: ofKey("revoke") },
      ]
    : [];
  return [...here, ...all].filter(({ needs }) => !needs || may(needs)).map(({ icon: Icon, ...one }) => ({ ...one, group: "Actions", icon: <Icon aria-hidden className={ICON} /> }));
}

function useEntries(query: string, close: () => void): Entry[] {
  const navigate = useNavigate();
  const { workspace, may } = useHere();
  const actions = useActions();
  const workspaces = useWorkspaces();
  const search = useDeferredValue(query.trim());
  const keys = useQuery(foundKeysQuery(workspace, search, 6));
  return useMemo(() => {
    const entries: Entry[] = PLACES.filter((place) => !place.needs || may(place.needs)).map((place) => ({
      id: place.to,
      group: "Pages",
      name: place.name,
      words: place.words,
      icon: <place.icon aria-hidden className={ICON} />,
      run: () => void navigate({ to: place.to }),
    }));
    entries.push(...actions);
    for (const { id, name } of workspaces) {
      if (id !== workspace) entries.push({ id, group: "Workspaces", name, words: "workspace switch", icon: <Building2 aria-hidden className={ICON} />, run: () => void navigate({ to: "/", search: { workspace: id } }) });
    }
    const ranked = entries
      .map((entry) => ({ entry, rank: Math.max(fit(query, entry.name) ?? -1, entry.words && query.trim() ? (fit(query, entry.words) ?? -1) - 0.5 : -1) }))
      .filter(({ rank }) => rank >= 0)
      .sort((a, b) => (query.trim() ? b.rank - a.rank : 0))
      .map(({ entry }) => entry);
    const found = (keys.data?.data ?? []).map((key): Entry => ({
      id: key.id,
      group: "Keys",
      name: key.name,
      detail: key.prefix,
      icon: <KeyRound aria-hidden className={ICON} />,
      run: () => void navigate({ to: "/keys/$id", params: { id: key.id } }),
    }));
    const groups = [...ranked, ...found];
    return ["Pages", "Keys", "Actions", "Workspaces"].flatMap((group) => groups.filter((entry) => entry.group === group).slice(0, MOST[group])).map((entry) => ({
      ...entry,
      run: () => {
        close();
        entry.run();
      },
    }));
    // The actions are made anew with each drawing, and are the same as long as what they come from is.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [query, keys.data, navigate, workspace, workspaces.length, actions.length, close]);
}

function Results({ close }: { close: () => void }) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const entries = useEntries(query, close);
  const id = useId();
  const current = Math.min(at, entries.length - 1);
  useEffect(() => {
    document.getElementById(`${id}-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [current, id]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && entries.length) {
      event.preventDefault();
      setAt((current + step + entries.length) % entries.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      entries[current]?.run();
    }
  };
  return (
    <>
      <div className="flex items-center gap-3 border-b px-4">
        <Search aria-hidden className="size-4 text-muted" />
        <input
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={entries.length ? `${id}-${current}` : undefined}
          aria-label="Search pages, keys and actions"
          autoFocus
          value={query}
          placeholder="Go to a page, a key or an action"
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-12 flex-1 bg-transparent text-lg outline-none"
        />
        <kbd className="rounded border px-1.5 font-mono text-xs text-muted">esc</kbd>
      </div>
      <div role="listbox" id={`${id}-list`} aria-label="Results" className="max-h-[50vh] overflow-y-auto p-2">
        {entries.map((entry, index) => (
          <div key={entry.id}>
            {entry.group !== entries[index - 1]?.group && (
              <div role="presentation" className="px-2.5 pt-2 pb-1 text-xs text-muted">
                {entry.group}
              </div>
            )}
            <div
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === current}
              tabIndex={-1}
              onMouseMove={() => setAt(index)}
              onClick={entry.run}
              onKeyDown={undefined}
              className={cx("flex cursor-pointer items-center gap-3 rounded-control px-2.5 py-2", index === current && "bg-hover")}
            >
              {entry.icon}
              <bdi className="truncate">{entry.name}</bdi>
              {entry.detail && <span className="shrink-0 font-mono text-xs text-muted">{entry.detail}</span>}
              {index === current && <CornerDownLeft aria-hidden className="ml-auto size-3.5 text-muted" />}
            </div>
          </div>
        ))}
        {entries.length === 0 && <p className="px-2.5 py-6 text-center text-muted">Nothing is called that.</p>}
      </div>
    </>
  );
}
