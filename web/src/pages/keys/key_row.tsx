// One key in the list: who it is, how it does, how near its limits it is.
import { Link } from "@tanstack/react-router";
import { Ban, MoreHorizontal, PanelRightOpen, RefreshCw } from "lucide-react";
import { memo } from "react";

import type { Key } from "@/api/contract";
import { formatCompact, formatCount, formatShare } from "@/lib/format";
import { tightest } from "@/lib/limits";
import { Button } from "@/ui/button";
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
  "grid-cols-[28px_minmax(0,1fr)_auto] items-center gap-x-3 px-4 md:grid-cols-[28px_minmax(140px,1.1fr)_minmax(0,1.5fr)_92px_auto] xl:grid-cols-[28px_minmax(180px,1.1fr)_minmax(0,1.5fr)_92px_80px_60px_112px_72px]";

export interface RowActions {
  open: (key: Key) => void;
  rotate: (key: Key) => void;
  revoke: (key: Key) => void;
  toggle: (key: Key, enabled: boolean) => void;
  mayChange: (key: Key) => boolean;
}

export const KeyRow = memo(function KeyRow({ of, fresh, actions }: { of: Key; fresh: boolean; actions: RowActions }) {
  const limit = tightest(of.limits);
  const errorShare = of.request_count ? of.error_count / of.request_count : 0;
  const changeable = actions.mayChange(of);
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
        "grid h-full cursor-pointer border-b transition-colors duration-[120ms] hover:bg-hover has-[[data-row]:focus-visible]:bg-hover",
        fresh && "shadow-[inset_2px_0_0_var(--accent)]",
        of.status === "revoked" && "opacity-75",
      )}
    >
      <KeyIcon icon={of.icon} name={of.name} sandbox={of.environment === "sandbox"} />
      <div className="min-w-0">
        <Link to="/keys/$id" params={{ id: of.id }} data-row className="block truncate font-medium outline-offset-1">
          <bdi>{of.name}</bdi>
        </Link>
        <p className="flex min-w-0 items-center gap-1.5 truncate text-xs text-muted">
          <EnvironmentTag value={of.environment} />
          <span aria-hidden>·</span>
          <span>{TYPE_NAMES[of.type] ?? of.type}</span>
          <span className="hidden sm:contents">
            {of.tags.slice(0, 2).map((tag) => (
              <Tag key={tag}>{tag}</Tag>
            ))}
          </span>
        </p>
      </div>
      <div className="order-last col-span-2 col-start-2 min-w-0 self-start md:order-none md:col-span-1 md:col-start-auto md:self-center">
        <p className="hidden truncate font-mono text-xs leading-5 text-muted md:block">{of.prefix.replace("...", "…")}{of.last4}</p>
        {limit ? <LimitLine limit={limit} more={of.limits.length - 1} /> : <p className="text-sm text-muted">{of.type === "management" ? "" : "no limits"}</p>}
      </div>
      <div className="hidden text-sm md:block">
        <Status value={of.status} />
      </div>
      <p className="numbers hidden text-right text-sm xl:block" title={`${formatCount(of.request_count)} requests`}>
        {waiting ? <span className="text-xs text-accent">waiting for its first request</span> : formatCompact(of.request_count)}
        {!waiting && <span className="block text-xs text-muted">requests</span>}
      </p>
      <p className={cx("numbers hidden text-right text-sm xl:block", errorShare > 0.05 && "text-bad")} title={`${formatCount(of.error_count)} errors`}>
        {formatShare(errorShare)}
        <span className="block text-xs text-muted">errors</span>
      </p>
      <p className="hidden text-right text-sm whitespace-nowrap xl:block">
        {of.last_used_at ? <Time at={of.last_used_at} /> : <span className="text-muted">unused</span>}
        <span className="block text-xs text-muted">
          made <Time at={of.created_at} />
        </span>
      </p>
      <div className="flex items-center gap-1.5">
        <span className="text-xs md:hidden">
          <Status value={of.status} />
        </span>
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
