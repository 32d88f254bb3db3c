// The frame around every page of somebody who is signed in: sidebar (a bottom bar on small screens),
// workspace, palette, and what is announced.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { Check, ChevronsUpDown, LogOut, Menu as MenuSign, Monitor, Moon, Search, Sun } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";

import { whenReachable } from "@/api/chunk";
import { keyCountsQuery } from "@/api/queries";
import { formatCompact } from "@/lib/format";
import { unrevoked } from "@/lib/key_counts";
import { safeReturn } from "@/lib/search";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/ui/menu";
import { Notices } from "@/ui/notice";
import { PageHead } from "@/ui/page";
import { typing, useRowKeys } from "@/ui/table";

import { LiveProvider, useLive } from "./live";
import { Mark } from "./mark";
import { type Place, PLACES } from "./navigation";
import { sessionQuery, useHere, useSession } from "./session";
import { useSignOut } from "./sign_out";
import { setTheme, useTheme } from "./theme";
import { Unreachable } from "./unreachable";
import { useWorkspaces } from "./workspaces";

const palette = () => whenReachable(() => import("./palette")).then((module) => ({ default: module.Palette }));
const Palette = lazy(palette);
const REST_AFTER_MS = 1500;

// Where a session has ended, here or elsewhere, its pages are drawn no longer; who comes back returns to the same one.
export function Shell() {
  const session = useQuery(sessionQuery);
  const ended = session.data === null;
  const router = useRouter();
  useEffect(() => {
    const here = router.latestLocation;
    if (ended && here.pathname !== "/sign-in") void router.navigate({ to: "/sign-in", search: { next: safeReturn(here.href) } });
  }, [ended, router]);
  return session.data ? <Frame /> : null;
}

function Frame() {
  const { workspace, role } = useHere();
  const [searching, setSearching] = useState<"unused" | "open" | "closed">("unused");
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const drawn = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const begun = useRef(pathname);
  useRowKeys(main);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setSearching((now) => (now === "open" ? "closed" : "open"));
      } else if (event.key === "/" && !typing(event.target) && !document.querySelector("[role=dialog]")) {
        const search = document.querySelector<HTMLInputElement>("main input[type=search]");
        if (search) {
          event.preventDefault();
          search.focus();
        }
      }
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);

  // Fetched when the first page stands, so that what is typed after ⌘K is not lost, and going to a page asks for nothing but
  // its data.
  const { routesById } = useRouter();
  useEffect(() => {
    const timer = setTimeout(() => {
      palette().catch(() => undefined);
      for (const { options } of Object.values(routesById)) void (options.component as { preload?: () => Promise<void> } | undefined)?.preload?.();
    }, REST_AFTER_MS);
    return () => clearTimeout(timer);
  }, [routesById]);

  // A new page, once it is drawn, begins at its top, for the eye and for the keyboard; or where it has put the keyboard by itself.
  useEffect(() => {
    if (drawn !== pathname || begun.current === pathname) return;
    begun.current = pathname;
    window.scrollTo(0, 0);
    const active = document.activeElement;
    if (active !== main.current && main.current?.contains(active)) active?.scrollIntoView({ block: "nearest" });
    else if (!document.querySelector("[role=dialog]")) main.current?.focus({ preventScroll: true });
  }, [drawn, pathname]);

  return (
    <LiveProvider workspace={role === null ? "" : workspace}>
      <a href="#main" className="sr-only z-50 rounded-control bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        Skip to the page
      </a>
      <div className="min-h-dvh sm:grid sm:grid-cols-[64px_minmax(0,1fr)] lg:grid-cols-[232px_minmax(0,1fr)]">
        <Sidebar openPalette={() => setSearching("open")} />
        <main ref={main} id="main" tabIndex={-1} className="min-w-0 px-4 pt-4 pb-24 outline-none sm:px-8 sm:pt-7 sm:pb-12">
          <div className="mx-auto max-w-[1200px]">
            <Unreachable />
            <Page />
          </div>
        </main>
        <BottomBar openPalette={() => setSearching("open")} />
      </div>
      {searching !== "unused" && (
        <Suspense>
          <Palette open={searching === "open"} onOpenChange={(open) => setSearching(open ? "open" : "closed")} />
        </Suspense>
      )}
      <Notices />
    </LiveProvider>
  );
}

// A page that is not theirs says whose it is; nothing is asked for that could only be refused.
function Page() {
  const { pathname } = useLocation();
  const { role, may } = useHere();
  if (role === null) return <NoWorkspace />;
  const place = PLACES.find(({ to }) => to !== "/" && pathname.startsWith(to));
  if (place?.needs && !may(place.needs)) return <NotTheirs place={place} role={role} />;
  return <Outlet />;
}

// Of somebody else, gone, or they were removed from it: which, the gateway does not say either.
function NoWorkspace() {
  const { memberships } = useSession();
  const client = useQueryClient();
  return (
    <>
      <PageHead title={memberships.length ? "No such workspace" : "No workspace yet"} />
      <p className="max-w-prose text-muted">
        {memberships.length
          ? "It is gone, or you are not one of its members. Choose one of yours:"
          : "You are not a member of any. Ask an admin for an invitation: its link adds the workspace to this account."}
      </p>
      <div className="mt-5 flex flex-wrap gap-2">
        {memberships.map(({ workspace }) => (
          <Link key={workspace.id} to="/" search={{ workspace: workspace.id }} className="inline-flex h-9 max-w-full items-center truncate rounded-control border bg-panel px-3.5 font-medium hover:bg-hover">
            <bdi className="truncate">{workspace.name}</bdi>
          </Link>
        ))}
        {memberships.length === 0 && <Button onClick={() => void client.invalidateQueries({ queryKey: sessionQuery.queryKey, exact: true })}>Look again</Button>}
      </div>
    </>
  );
}

function NotTheirs({ place, role }: { place: Place; role: string }) {
  return (
    <>
      <PageHead title={place.name} />
      <p className="max-w-prose text-muted">
        This page takes the role {place.needs}, and yours here is {role}. An admin of the workspace can change that, under Members.
      </p>
    </>
  );
}

const usePlaces = () => {
  const { role, may } = useHere();
  return role === null ? [] : PLACES.filter((place) => !place.needs || may(place.needs));
};

function Sidebar({ openPalette }: { openPalette: () => void }) {
  const places = usePlaces();
  return (
    <aside className="sticky top-0 hidden h-dvh flex-col border-r bg-sunken px-3 py-4 sm:flex">
      <WorkspaceMenu />
      <button
        type="button"
        onClick={openPalette}
        className="mt-4 mb-3 flex h-9 items-center justify-center gap-2.5 rounded-control border bg-panel px-2.5 text-sm text-muted hover:text-ink lg:justify-start"
        aria-label="Search"
      >
        <Search aria-hidden className="size-4" />
        <span className="hidden flex-1 text-left lg:block">Search</span>
        <kbd className="hidden rounded border px-1 font-mono text-xs lg:block">{/Mac|iP/.test(navigator.platform) ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <nav aria-label="Pages" className="-mx-1 flex-1 overflow-y-auto px-1">
        <ul className="space-y-0.5">
          {places.map((place) => (
            <li key={place.to}>
              <Link
                to={place.to}
                activeOptions={{ exact: place.to === "/" }}
                title={place.name}
                className="flex h-8 items-center justify-center gap-2.5 rounded-control px-2.5 text-muted transition-colors duration-[120ms] hover:bg-hover hover:text-ink lg:justify-start"
                activeProps={{ className: "bg-[color-mix(in_srgb,var(--ink)_8%,transparent)] !text-ink font-medium" }}
              >
                <place.icon aria-hidden className="size-4 shrink-0" />
                <span className="sr-only lg:not-sr-only">{place.name}</span>
                {place.to === "/keys" && <KeyCount />}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <LiveSign />
      <PersonMenu />
    </aside>
  );
}

// Of the query that the list's tabs share.
function KeyCount() {
  const { workspace } = useHere();
  const counted = useQuery({ ...keyCountsQuery(workspace, {}), staleTime: COUNT_MS }).data;
  if (!counted) return null;
  return <span className="numbers ml-auto hidden text-xs font-normal text-muted lg:block">{formatCompact(unrevoked(counted))}</span>;
}
const COUNT_MS = 30_000;

function LiveSign() {
  const { connected } = useLive();
  return (
    <p className="mb-2 hidden items-center gap-2 px-2.5 text-xs text-muted lg:flex" title={connected ? "Changes show as they happen" : "Changes show within a few seconds"}>
      <span aria-hidden className={connected ? "text-good" : ""}>{connected ? "●" : "○"}</span>
      {connected ? "Live" : "Every few seconds"}
    </p>
  );
}

function WorkspaceMenu() {
  const session = useSession();
  const { workspace, role } = useHere();
  const navigate = useNavigate();
  const choices = useWorkspaces();
  const name = choices.find(({ id }) => id === workspace)?.name ?? session.memberships.find((m) => m.workspace.id === workspace)?.workspace.name ?? (role === "operator" && workspace === "ws_default" ? "default" : "");
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" aria-label={name ? `Workspace ${name}. Change it` : "Choose a workspace"} className="flex h-9 w-full items-center justify-center gap-2.5 rounded-control px-1.5 hover:bg-hover lg:justify-start">
          <Mark className="size-6 shrink-0" />
          <span className="hidden min-w-0 flex-1 items-baseline gap-1.5 text-left lg:flex">
            <span className="font-semibold">Tollgate</span>
            <bdi className="truncate text-sm text-muted">{name}</bdi>
          </span>
          <ChevronsUpDown aria-hidden className="hidden size-3.5 text-muted lg:block" />
        </button>
      }
    >
      <MenuLabel>Workspaces</MenuLabel>
      {choices.map((choice) => (
        <MenuItem
          key={choice.id}
          icon={<Check aria-hidden className={cx("size-4", choice.id === workspace ? "text-accent" : "invisible")} />}
          onSelect={() => void navigate({ to: "/", search: { workspace: choice.id } })}
        >
          <bdi className="max-w-60 truncate">{choice.name}</bdi>
        </MenuItem>
      ))}
    </Menu>
  );
}

function PersonMenu() {
  const { person } = useSession();
  const theme = useTheme();
  const signOut = useSignOut();
  const name = person.name || person.email;
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" aria-label={`${name}: theme and sign out`} className="flex h-10 items-center justify-center gap-2.5 rounded-control px-1.5 hover:bg-hover lg:justify-start">
          <span aria-hidden className="grid size-6 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-medium text-accent">
            <bdi>{([...name][0] ?? "·").toUpperCase()}</bdi>
          </span>
          <span className="hidden min-w-0 flex-1 truncate text-left text-sm lg:block">
            <bdi>{name}</bdi>
          </span>
        </button>
      }
    >
      <MenuLabel>
        <bdi>{person.email}</bdi>
      </MenuLabel>
      <MenuLine />
      {(
        [
          ["system", "As the system", Monitor],
          ["light", "Light", Sun],
          ["dark", "Dark", Moon],
        ] as const
      ).map(([value, label, Icon]) => (
        <MenuItem key={value} icon={<Icon aria-hidden className="size-4 text-muted" />} onSelect={() => setTheme(value)}>
          {label}
          {theme === value && <Check aria-hidden className="ml-auto size-3.5 text-accent" />}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem icon={<LogOut aria-hidden className="size-4 text-muted" />} onSelect={() => void signOut()}>
        Sign out
      </MenuItem>
    </Menu>
  );
}

// Four places and the rest behind a menu.
function BottomBar({ openPalette }: { openPalette: () => void }) {
  const places = usePlaces();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const ITEM = "flex flex-1 flex-col items-center justify-center gap-0.5 rounded-control text-xs text-muted";
  const shown = new Set(["/", "/keys", "/usage"]);
  return (
    <nav aria-label="Pages" className="fixed inset-x-0 bottom-0 z-30 flex h-16 border-t bg-panel px-2 py-1.5 sm:hidden">
      {places
        .filter((place) => shown.has(place.to))
        .map((place) => (
          <Link key={place.to} to={place.to} activeOptions={{ exact: place.to === "/" }} className={ITEM} activeProps={{ className: "!text-accent" }}>
            <place.icon aria-hidden className="size-5" />
            {place.name}
          </Link>
        ))}
      <button type="button" className={ITEM} onClick={openPalette}>
        <Search aria-hidden className="size-5" />
        Search
      </button>
      <Menu
        trigger={
          <button type="button" className={ITEM}>
            <MenuSign aria-hidden className="size-5" />
            More
          </button>
        }
      >
        {places
          .filter((place) => !shown.has(place.to))
          .map((place) => (
            <MenuItem key={place.to} icon={<place.icon aria-hidden className="size-4 text-muted" />} onSelect={() => void navigate({ to: place.to })}>
              {place.name}
            </MenuItem>
          ))}
        <MenuLine />
        <MenuItem icon={<LogOut aria-hidden className="size-4 text-muted" />} onSelect={() => void signOut()}>
          Sign out
        </MenuItem>
      </Menu>
    </nav>
  );
}

// What a page shows that made a mistake of its own, or that was told what nobody expects: what was read is read anew.
export function PageFailed({ reset }: { reset: () => void }) {
  const client = useQueryClient();
  const again = () => {
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
    reset();
  };
  return (
    <div role="alert" className="py-16 text-center">
      <h1 className="text-lg font-semibold">This page made a mistake</h1>
      <p className="mt-1 text-muted">Nothing was changed by it. Try the page again; if it goes on, reload.</p>
      <Button className="mt-5" onClick={again}>
        Try again
      </Button>
    </div>
  );
}
