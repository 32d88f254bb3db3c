// Status is never told by colour alone: a sign and a word stand beside it.
import { cx } from "./cx";

const LOOKS: Record<string, { tone: string; sign: string; word: string }> = {
  active: { tone: "text-good", sign: "●", word: "Active" },
  limited: { tone: "text-warning", sign: "◐", word: "Limited" },
  disabled: { tone: "text-muted", sign: "○", word: "Disabled" },
  expired: { tone: "text-bad", sign: "◌", word: "Expired" },
  revoked: { tone: "text-bad", sign: "✕", word: "Revoked" },
  healthy: { tone: "text-good", sign: "●", word: "Healthy" },
  degraded: { tone: "text-warning", sign: "◐", word: "Degraded" },
  down: { tone: "text-bad", sign: "✕", word: "Down" },
};

export function Status({ value, className }: { value: string; className?: string }) {
  const look = LOOKS[value] ?? { tone: "text-muted", sign: "·", word: value };
  return (
    <span className={cx("inline-flex items-center gap-1.5 whitespace-nowrap", className)}>
      <span aria-hidden className={cx("w-3 text-center text-xs", look.tone)}>
        {look.sign}
      </span>
      {look.word}
    </span>
  );
}

// `brief` where a small screen has room for the number alone.
export function HttpStatus({ code, error, brief }: { code: number; error?: string | null; brief?: boolean }) {
  const ok = code < 400;
  return (
    <span className={cx("inline-flex items-center gap-1.5 whitespace-nowrap", ok ? "text-good" : "text-bad")} title={error ?? undefined}>
      <span aria-hidden className="text-xs">
        {ok ? "✓" : "✕"}
      </span>
      <span className="numbers font-mono text-xs">{code}</span>
      {error && <bdi className={cx("max-w-44 truncate text-xs", brief && "max-sm:hidden")}>{error}</bdi>}
    </span>
  );
}

export function Tag({ children, tone = "plain", title }: { children: React.ReactNode; tone?: "plain" | "sandbox" | "accent" | "warning" | "bad" | "good"; title?: string }) {
  const tones = {
    plain: "bg-hover text-muted",
    sandbox: "bg-sandbox-soft text-sandbox",
    accent: "bg-accent-soft text-accent",
    warning: "bg-warning-soft text-warning",
    bad: "bg-bad-soft text-bad",
    good: "bg-good-soft text-good",
  };
  return (
    <span title={title} className={cx("inline-flex h-5 max-w-full items-center gap-1 rounded px-1.5 text-xs whitespace-nowrap", tones[tone])}>
      <bdi className="min-w-0 truncate">{children}</bdi>
    </span>
  );
}

export const EnvironmentTag = ({ value }: { value: string }) =>
  value === "sandbox" ? <Tag tone="sandbox">Sandbox</Tag> : <span className="text-muted">Production</span>;
