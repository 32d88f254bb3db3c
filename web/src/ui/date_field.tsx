// A day of a filter, in UTC as all times of the gateway.
import { cx } from "./cx";
import { CONTROL } from "./field";

export function DateField({ label, value, min, max, onChange }: { label: string; value?: string | undefined; min?: string | undefined; max?: string | undefined; onChange: (value: string | undefined) => void }) {
  return <input type="date" aria-label={`${label} (UTC)`} value={value ?? ""} min={min} max={max} onChange={(event) => onChange(event.target.value || undefined)} className={cx(CONTROL, "!h-8 !w-36 text-sm")} />;
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
