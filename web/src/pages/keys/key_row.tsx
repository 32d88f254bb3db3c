// One key in the list: who it is, how it does, how near its limits it is.
import { Link } from "@tanstack/react-router";
import { Ban, MoreHorizontal, PanelRightOpen, Pencil, RefreshCw } from "lucide-react";
import { memo } from "react";

import type { Key } from "@/api/contract";
import { formatCompact, formatShare, plural } from "@/lib/format";
import { tightest } from "@/lib/limits";
import { Button } from "@/ui/button";
import { Cut } from "@/ui/cut";
import { cx } from "@/ui/cx";
import { KeyIcon } from "@/ui/key_icon";
import { LimitLine } from "@/ui/limit_bar";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { EnvironmentTag, Status, Tag } from "@/ui/status";
import { Switch } from "@/ui/switch";
import { Time } from "@/ui/time";

export const TYPE_NAMES: Record<string, string> = { standard: "Standard", profile: "Profile", management: "Management" };

// Shared by the rows and what stands over them.
export const COLUMNS =
  "grid-cols-[28px_minmax(0,1fr)_auto] items-center gap-x-3 px-4 xl:grid-cols-[28px_minmax(156px,1fr)_minmax(0,2.3fr)_84px_60px_52px_96px_72px]";

// Two lines; where there is no room for all columns, a limit takes a third.
export const rowHeight = (of: Key, size: "small" | "large") => (size === "large" ? 56 : of.limits.length > 0 ? 88 : 64);

export interface RowActions {
  open: (key: Key) => void;
  edit: (key: Key) => void;
  rotate: (key: Key) => void;
  revoke: (key: Key) => void;
  toggle: (key: Key, enabled: boolean) => void;
  mayChange: (key: Key) => boolean;
}

// What it has served, where no column of its own tells it.
function Served({ of, errorShare, className }: { of: Key; errorShare: number; className: string }) {
  return (
    <span className={cx("numbers", className)} title={`${plural(of.request_count, "request")}, ${plural(of.error_count, "error")}`}>
      {errorShare > TROUBLED ? (
        <>
          {formatCompact(of.request_count)} · <span className="text-bad">{formatShare(errorShare)} errors</span>
        </>
      ) : (
        `${formatCompact(of.request_count)} ${of.request_count === 1 ? "request" : "requests"}`
      )}
    </span>
  );
}

const TROUBLED = 0.05;

export const KeyRow = memo(function KeyRow({ of, fresh, actions }: { of: Key; fresh: boolean; actions: RowActions }) {
  const limit = tightest(of.limits);
  const errorShare = of.request_count ? of.error_count / of.request_count : 0;
  const changeable = actions.mayChange(of);
  // Marked until its first request.
  const waiting = fresh && of.request_count === 0;
  return (
    // The whole row is a target for the mouse; keyboards use the link in it.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
    <div
      onClick={(event) => {
        if (!(event.target as HTMLElement).closest("a,button,[role=menu]") && !window.getSelection()?.toString()) actions.open(of);
      }}
      className={cx(
        COLUMNS,
        "grid h-full cursor-pointer content-center border-b transition-colors duration-[120ms] hover:bg-hover has-[[data-row]:focus-visible]:bg-hover",
        waiting && "shadow-[inset_2px_0_0_var(--accent)]",
        of.status === "revoked" && "opacity-75",
      )}
    >
      <KeyIcon icon={of.icon} name={of.name} sandbox={of.environment === "sandbox"} />
      <div className="min-w-0">
        <div className="flex min-w-0 items-center gap-3">
          <Link to="/keys/$id" params={{ id: of.id }} data-row className="min-w-0 outline-offset-1">
            <Cut text={of.name} className="font-medium" />
          </Link>
          <Status value={of.status} className="ml-auto text-xs xl:hidden" />
        </div>
        <p className="flex min-w-0 items-center gap-1.5 text-xs text-muted">
          <EnvironmentTag value={of.environment} />
          <span aria-hidden className={cx(of.type === "standard" && "max-xl:hidden")}>
            ·
          </span>
          <span className={cx(of.type === "standard" && "max-xl:hidden")}>{TYPE_NAMES[of.type] ?? of.type}</span>
          {waiting ? (
            <Tag tone="accent" title="The mark goes with its first request">
              waiting for its first request
            </Tag>
          ) : (
            <>
              <span className="hidden min-w-0 gap-1.5 min-[1400px]:flex">
                {of.tags.slice(0, 2).map((tag) => (
                  <Tag key={tag} title={tag}>
                    {tag}
                  </Tag>
                ))}
              </span>
              {of.type !== "management" && <Served of={of} errorShare={errorShare} className="min-w-0 truncate before:mr-1.5 before:content-['·'] xl:hidden" />}
            </>
          )}
        </p>
      </div>
      {/* Where there is no room for all columns: beneath the name, as wide as the row. */}
      <div className={cx("order-last col-span-full mt-1.5 min-w-0 sm:pl-10 xl:order-none xl:col-span-1 xl:mt-0 xl:pl-0", !limit && "max-xl:hidden")}>
        <p className="hidden truncate font-mono text-xs leading-5 text-muted xl:block">{of.prefix.replace("...", "…")}{of.last4}</p>
        {limit ? <LimitLine limit={limit} others={of.limits.filter((one) => one !== limit)} /> : of.type !== "management" && <p className="text-sm text-muted">no limits</p>}
      </div>
      <div className="hidden text-sm xl:block">
        <Status value={of.status} />
      </div>
      <p className="numbers hidden text-right text-sm xl:block" title={plural(of.request_count, "request")}>
        {formatCompact(of.request_count)}
      </p>
      <p className={cx("numbers hidden text-right text-sm xl:block", errorShare > TROUBLED && "text-bad")} title={plural(of.error_count, "error")}>
        {formatShare(errorShare)}
      </p>
      <p className="hidden text-right text-sm whitespace-nowrap xl:block">
        {of.last_used_at ? <Time at={of.last_used_at} /> : <span className="text-muted">unused</span>}
        <span className="block text-xs text-muted">
          made <Time at={of.created_at} />
        </span>
      </p>
      <div className="flex items-center gap-1.5">
        {of.status !== "revoked" && <Switch checked={of.enabled} disabled={!changeable} onChange={(enabled) => actions.toggle(of, enabled)} label={of.enabled ? `Disable ${of.name}` : `Enable ${of.name}`} />}
        <Menu
          trigger={
            <Button look="quiet" size="icon" aria-label={`Actions for ${of.name}`}>
              <MoreHorizontal aria-hidden className="size-4" />
            </Button>
          }
        >
          <MenuItem icon={<PanelRightOpen aria-hidden className="size-4 text-muted" />} onSelect={() => actions.open(of)}>
            Open
          </MenuItem>
          <MenuItem disabled={!changeable} icon={<Pencil aria-hidden className="size-4 text-muted" />} onSelect={() => actions.edit(of)}>
            Edit
          </MenuItem>
          <MenuItem disabled={!changeable} icon={<RefreshCw aria-hidden className="size-4 text-muted" />} onSelect={() => actions.rotate(of)}>
            Rotate secret
          </MenuItem>
          <MenuLine />
          <MenuItem danger disabled={!changeable} icon={<Ban aria-hidden className="size-4" />} onSelect={() => actions.revoke(of)}>
            Revoke key
          </MenuItem>
        </Menu>
      </div>
    </div>
  );
});
