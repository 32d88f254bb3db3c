// Menus and filter chips, on Radix's dropdown.
import { Check, ChevronDown, X } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";

import { cx } from "./cx";

export const SURFACE =
  "z-50 max-h-[min(60vh,420px)] min-w-44 animate-rise overflow-y-auto rounded-panel bg-panel p-1 text-base shadow-float";
const ITEM =
  "flex cursor-pointer items-center gap-2.5 rounded-control px-2.5 py-1.5 outline-none select-none data-[disabled]:opacity-50 data-[highlighted]:bg-hover";

// Menus belong to the page, whose landmark they are in; it is looked for when one opens.
export function useWithin() {
  const [container, setContainer] = useState<HTMLElement | null>(null);
  return { container, onOpenChange: (open: boolean) => open && setContainer(document.getElementById("main")) };
}

export function Menu({ trigger, children, align = "end" }: { trigger: ReactNode; children: ReactNode; align?: "start" | "end" }) {
  const { container, onOpenChange } = useWithin();
  return (
    <Radix.Root modal={false} onOpenChange={onOpenChange}>
      <Radix.Trigger asChild onClick={(event) => event.stopPropagation()}>
        {trigger}
      </Radix.Trigger>
      <Radix.Portal container={container}>
        <Radix.Content align={align} sideOffset={6} className={SURFACE} onClick={(event) => event.stopPropagation()}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function MenuItem({
  icon,
  children,
  onSelect,
  danger,
  disabled,
}: {
  icon?: ReactNode;
  children: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
}) {
  return (
    <Radix.Item disabled={disabled} onSelect={onSelect} className={cx(ITEM, danger && "text-bad data-[highlighted]:bg-bad-soft")}>
      {icon}
      {children}
    </Radix.Item>
  );
}

export const MenuLine = () => <Radix.Separator className="-mx-1 my-1 h-px bg-line" />;
export const MenuLabel = ({ children }: { children: ReactNode }) => (
  <Radix.Label className="max-w-72 truncate px-2.5 py-1.5 text-xs text-muted">{children}</Radix.Label>
);

export interface Choice {
  value: string;
  name: string;
  detail?: string;
}

// Filters beside each other; a small screen scrolls them sideways rather than piling them up.
export const ChipRow = ({ children }: { children: ReactNode }) => (
  <div className="flex min-w-0 items-center gap-1.5 max-sm:-mx-3 max-sm:-my-1 max-sm:w-[calc(100%+24px)] max-sm:overflow-x-auto max-sm:px-3 max-sm:py-1 sm:flex-wrap sm:gap-2">{children}</div>
);

// What a filter looks like: closed it tells its value; chosen, it can be taken off at once.
export function ChipFrame({ label, value, remove, children }: { label: string; value: string | undefined; remove: () => void; children: ReactNode }) {
  return (
    <span className={cx("inline-flex h-8 shrink-0 items-center rounded-control border text-sm", value ? "border-accent bg-accent-soft" : "bg-panel")}>
      {children}
      {value && (
        <button
          type="button"
          aria-label={`Remove the filter ${label}`}
          onClick={remove}
          className="mr-1 rounded p-1 text-muted hover:text-ink"
        >
          <X aria-hidden className="size-3.5" />
        </button>
      )}
    </span>
  );
}

// A filter of a few values.
export function FilterChip({
  label,
  value,
  choices,
  onChange,
  none = "Any",
}: {
  label: string;
  none?: string; // what it is without a value
  value: string | undefined;
  choices: Choice[];
  onChange: (value: string | undefined) => void;
}) {
  const chosen = choices.find((choice) => choice.value === value);
  const { container, onOpenChange } = useWithin();
  return (
    <ChipFrame label={label} value={value} remove={() => onChange(undefined)}>
      <Radix.Root modal={false} onOpenChange={onOpenChange}>
        <Radix.Trigger className={cx("flex h-full items-center gap-1.5 rounded-control px-2.5 hover:text-ink", value ? "text-ink" : "text-muted")}>
          {label}
          {value && <bdi className="max-w-48 truncate font-medium">{chosen?.name ?? value}</bdi>}
          {!value && <ChevronDown aria-hidden className="size-3.5" />}
        </Radix.Trigger>
        <Radix.Portal container={container}>
          <Radix.Content align="start" sideOffset={6} className={SURFACE}>
            <Radix.RadioGroup value={value ?? ""} onValueChange={(next) => onChange(next || undefined)}>
              <Radix.RadioItem value="" className={cx(ITEM, "text-muted")}>
                <Mark />
                {none}
              </Radix.RadioItem>
              {choices.map((choice) => (
                <Radix.RadioItem key={choice.value} value={choice.value} className={ITEM}>
                  <Mark />
                  <bdi className="max-w-72 truncate">{choice.name}</bdi>
                  {choice.detail && <span className="ml-auto pl-4 text-xs text-muted">{choice.detail}</span>}
                </Radix.RadioItem>
              ))}
            </Radix.RadioGroup>
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </ChipFrame>
  );
}

const Mark = () => (
  <span className="grid size-4 place-items-center">
    <Radix.ItemIndicator>
      <Check aria-hidden className="size-3.5 text-accent" />
    </Radix.ItemIndicator>
  </span>
);
