// A filter with more values than a menu can list: what is typed finds them, arrows choose, Enter takes.
import { Check, ChevronDown } from "lucide-react";
import { Popover as Radix } from "radix-ui";
import { type KeyboardEvent, useEffect, useId, useState } from "react";

import { cx } from "./cx";
import { type Choice, ChipFrame, SURFACE, useWithin } from "./menu";

interface Props {
  label: string;
  hint: string; // what can be typed
  value: string | undefined;
  name: string; // what the value is called
  text: string; // what is typed
  onText: (text: string) => void;
  choices: Choice[]; // that fit it
  onChange: (value: string | undefined) => void;
}

export function FindChip({ label, hint, value, name, text, onText, choices, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const { container, onOpenChange } = useWithin();
  const show = (next: boolean) => {
    onOpenChange(next);
    setOpen(next);
    onText("");
  };
  return (
    <ChipFrame label={label} value={value} remove={() => onChange(undefined)}>
      <Radix.Root open={open} onOpenChange={show}>
        <Radix.Trigger className={cx("flex h-full items-center gap-1.5 rounded-control px-2.5 hover:text-ink", value ? "text-ink" : "text-muted")}>
          {label}
          {value ? <bdi className="max-w-48 truncate font-medium">{name}</bdi> : <ChevronDown aria-hidden className="size-3.5" />}
        </Radix.Trigger>
        <Radix.Portal container={container}>
          <Radix.Content align="start" sideOffset={6} aria-label={label} className={cx(SURFACE, "w-72 outline-none")}>
            <Found
              hint={hint}
              value={value}
              text={text}
              onText={onText}
              choices={choices}
              choose={(chosen) => {
                show(false);
                onChange(chosen || undefined);
              }}
            />
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </ChipFrame>
  );
}

function Found({ hint, value, text, onText, choices, choose }: Pick<Props, "hint" | "value" | "text" | "onText" | "choices"> & { choose: (value: string) => void }) {
  const [at, setAt] = useState(0);
  const id = useId();
  const options: Choice[] = text.trim() ? choices : [{ value: "", name: "Any" }, ...choices];
  const current = Math.min(at, options.length - 1);
  useEffect(() => {
    document.getElementById(`${id}-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [current, id]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && options.length) {
      event.preventDefault();
      setAt((current + step + options.length) % options.length);
    } else if (event.key === "Enter" && options[current]) {
      event.preventDefault();
      choose(options[current].value);
    }
  };
  return (
    <>
      <input
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={options.length ? `${id}-${current}` : undefined}
        aria-label={hint}
        placeholder={hint}
        value={text}
        onChange={(event) => {
          onText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        className="mb-1 h-8 w-full rounded-control bg-sunken px-2.5 text-sm outline-none"
      />
      <div role="listbox" id={`${id}-list`} aria-label="Found">
        {options.map((option, index) => (
          <div
            key={option.value}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === current}
            tabIndex={-1}
            onMouseMove={() => setAt(index)}
            onClick={() => choose(option.value)}
            onKeyDown={undefined}
            className={cx("flex cursor-pointer items-center gap-2 rounded-control px-2.5 py-1.5 text-sm", index === current && "bg-hover", !option.value && "text-muted")}
          >
            <Check aria-hidden className={cx("size-3.5 shrink-0 text-accent", option.value !== (value ?? "") && "invisible")} />
            <bdi className="min-w-0 truncate" title={option.name}>{option.name}</bdi>
            {option.detail && <span className="numbers ml-auto shrink-0 pl-3 text-xs text-muted">{option.detail}</span>}
          </div>
        ))}
      </div>
      {options.length === 0 && <p className="px-2.5 py-3 text-center text-sm text-muted">Nothing is called that.</p>}
    </>
  );
}
