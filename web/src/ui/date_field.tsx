// A day of a filter, in UTC as all times of the gateway.
import { cx } from "./cx";

export function DateField({ label, value, min, max, onChange }: { label: string; value?: string | undefined; min?: string | undefined; max?: string | undefined; onChange: (value: string | undefined) => void }) {
  // As quiet as the chips beside it, until it filters.
  const look = value ? "border-accent bg-accent-soft text-ink" : "bg-panel text-muted hover:text-ink";
  return (
    <input
      type="date"
      aria-label={`${label} (UTC)`}
      value={value ?? ""}
      min={min}
      max={max}
      onChange={(event) => onChange(event.target.value || undefined)}
      className={cx("h-8 w-34 min-w-0 rounded-control border px-2.5 text-sm", look)}
    />
  );
}

// From one day to another, both included.
export function DateRange({ from, to, onChange }: { from: string | undefined; to: string | undefined; onChange: (range: { from?: string | undefined; to?: string | undefined }) => void }) {
  return (
    <span className="flex flex-wrap items-center gap-2 text-sm text-muted">
      <DateField label="From" value={from} max={to} onChange={(day) => onChange({ from: day })} />
      <span aria-hidden>–</span>
      <DateField label="To" value={to} min={from} onChange={(day) => onChange({ to: day })} />
    </span>
  );
}
