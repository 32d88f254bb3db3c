// Form fields: a label, the control, what it means, and what is wrong with it.
import {
  forwardRef,
  type InputHTMLAttributes,
  type KeyboardEvent,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
  useState,
} from "react";
import { ChevronDown, X } from "lucide-react";

import { withTokens } from "@/lib/tokens";

import { cx } from "./cx";

export const CONTROL =
  "h-9 w-full min-w-0 rounded-control border border-edge/60 bg-panel px-3 text-base text-ink transition-colors duration-[120ms] hover:border-edge disabled:opacity-60 aria-invalid:border-bad";

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  problem?: string | null;
  optional?: boolean;
  hideLabel?: boolean;
  className?: string;
  children: (ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined }) => ReactNode;
}

export function Field({ label, hint, problem, optional, hideLabel, className, children }: FieldProps) {
  const id = useId();
  const note = `${id}-note`;
  return (
    <div className={cx("min-w-0", className)}>
      <label htmlFor={id} className={cx("mb-1.5 flex items-baseline gap-2 text-sm font-medium", hideLabel && "sr-only")}>
        {label}
        {optional && <span className="text-xs font-normal text-muted">optional</span>}
      </label>
      {children({ id, "aria-describedby": hint || problem ? note : undefined, "aria-invalid": problem ? true : undefined })}
      {(hint || problem) && (
        <p id={note} className={cx("mt-1.5 text-xs", problem ? "text-bad" : "text-muted")} aria-live="polite">
          {problem ?? hint}
        </p>
      )}
    </div>
  );
}

export const Input = forwardRef<HTMLInputElement, InputHTMLAttributes<HTMLInputElement>>(function Input(
  { className, ...rest },
  ref,
) {
  return <input ref={ref} autoComplete="off" {...rest} className={cx(CONTROL, className)} />;
});

export const Textarea = forwardRef<HTMLTextAreaElement, TextareaHTMLAttributes<HTMLTextAreaElement>>(function Textarea(
  { className, ...rest },
  ref,
) {
  return <textarea ref={ref} {...rest} className={cx(CONTROL, "h-auto py-2 leading-5", className)} />;
});

export const Select = forwardRef<HTMLSelectElement, SelectHTMLAttributes<HTMLSelectElement>>(function Select(
  { className, children, ...rest },
  ref,
) {
  return (
    <span className={cx("relative block min-w-0", className)}>
      <select ref={ref} {...rest} className={cx(CONTROL, "appearance-none truncate pr-8")}>
        {children}
      </select>
      <ChevronDown aria-hidden className="pointer-events-none absolute top-2.5 right-2.5 size-4 text-muted" />
    </span>
  );
});

export function Check({
  checked,
  onChange,
  children,
  disabled,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
  disabled?: boolean;
}) {
  return (
    <label className="flex items-start gap-2.5 text-sm">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4 shrink-0 accent-[var(--accent)]"
      />
      <span>{children}</span>
    </label>
  );
}

// Several short texts: Enter or a comma adds one, Backspace takes the last.
export function TokensInput({
  values,
  onChange,
  placeholder,
  suggestions,
  mono,
  ...ids
}: {
  values: string[];
  onChange: (values: string[]) => void;
  placeholder?: string;
  suggestions?: string[];
  mono?: boolean;
  id?: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: true | undefined;
}) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const list = useId();
  const add = (raw: string) => {
    const found = withTokens(values, raw);
    if ("problem" in found) return setProblem(found.problem);
    if (found.values.length > values.length) onChange(found.values);
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if ((event.key === "Enter" || event.key === ",") && text.trim()) {
      event.preventDefault();
      add(text);
    } else if (event.key === "Backspace" && !text && values.length) {
      onChange(values.slice(0, -1));
    }
  };
  return (
    <>
      <div className={cx(CONTROL, "flex h-auto min-h-9 flex-wrap items-center gap-1 px-1.5 py-1 focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent")}>
        {values.map((value) => (
          <span key={value} className={cx("inline-flex max-w-full items-center gap-1 rounded bg-hover py-0.5 pr-0.5 pl-2 text-sm", mono && "font-mono text-xs")}>
            <bdi className="truncate">{value}</bdi>
            <button
              type="button"
              aria-label={`Remove ${value}`}
              onClick={() => onChange(values.filter((other) => other !== value))}
              className="rounded p-0.5 text-muted hover:bg-line hover:text-ink"
            >
              <X aria-hidden className="size-3" />
            </button>
          </span>
        ))}
        <input
          {...ids}
          list={suggestions ? list : undefined}
          value={text}
          data-untaken={text.trim()}
          placeholder={values.length ? "" : placeholder}
          autoComplete="off"
          onChange={(event) => {
            setText(event.target.value);
            setProblem(null);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => text.trim() && add(text)}
          className={cx("h-6 min-w-24 flex-1 bg-transparent px-1.5 outline-none", mono && "font-mono text-sm")}
        />
        {suggestions && (
          <datalist id={list}>
            {suggestions.slice(0, 200).map((value) => (
              <option key={value} value={value} />
            ))}
          </datalist>
        )}
      </div>
      {problem && (
        <p role="alert" className="mt-1.5 text-xs text-bad">
          {problem}
        </p>
      )}
    </>
  );
}
