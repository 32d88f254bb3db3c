// The frame of a page: its title, which is also the document's, its actions, and panels.
import { type ReactNode, useEffect } from "react";

import { cx } from "./cx";

export function PageHead({ title, icon, actions, children, crumb }: { title: string; icon?: ReactNode; actions?: ReactNode; children?: ReactNode; crumb?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Tollgate`;
  }, [title]);
  return (
    <header className="mb-5">
      {crumb}
      <div className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-3">
        {icon}
        <h1 className="min-w-0 flex-1 basis-36 text-xl font-semibold tracking-[-0.01em] break-words"><bdi>{title}</bdi></h1>
        {actions && <div className="flex flex-wrap items-center gap-2 max-sm:has-[input]:w-full">{actions}</div>}
      </div>
      {children}
    </header>
  );
}

export function Panel({ title, actions, children, className, flush }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string; flush?: boolean }) {
  return (
    <section className={cx("min-w-0 rounded-panel border bg-panel", className)}>
      {(title || actions) && (
        <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b px-4 py-1.5">
          <h2 className="min-w-0 flex-1 basis-24 text-base font-semibold break-words"><bdi>{title}</bdi></h2>
          {actions}
        </header>
      )}
      <div className={cx(!flush && "p-4")}>{children}</div>
    </section>
  );
}

export function Facts({ children, className }: { children: ReactNode; className?: string }) {
  return <dl className={cx("grid grid-cols-[minmax(96px,auto)_minmax(0,1fr)] items-baseline gap-x-6 gap-y-2 text-sm", className)}>{children}</dl>;
}
export function Fact({ name, children, mono }: { name: string; children: ReactNode; mono?: boolean }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className={cx("min-w-0 break-words", mono && "font-mono text-xs leading-5")}>{children}</dd>
    </>
  );
}

export function Segments<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly { value: T; name: string }[]; onChange: (value: T) => void }) {
  return (
    <div role="group" aria-label={label} className="inline-flex max-w-full overflow-x-auto rounded-control border bg-sunken p-0.5">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={cx(
            "h-7 rounded px-2.5 text-sm whitespace-nowrap transition-colors duration-[120ms]",
            option.value === value ? "bg-panel font-medium text-ink shadow-[0_0_0_1px_var(--line)]" : "text-muted hover:text-ink",
          )}
        >
          {option.name}
        </button>
      ))}
    </div>
  );
}
