import { Switch as Radix } from "radix-ui";

export function Switch({
  checked,
  onChange,
  label,
  disabled,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  disabled?: boolean;
}) {
  return (
    <Radix.Root
      checked={checked}
      onCheckedChange={onChange}
      disabled={disabled}
      aria-label={label}
      title={label}
      onClick={(event) => event.stopPropagation()}
      className="relative h-5 w-8 shrink-0 rounded-full border border-edge bg-edge/30 transition-colors duration-[120ms] disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
    >
      <Radix.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-panel shadow-sm ring-1 ring-edge transition-transform duration-[120ms] data-[state=checked]:translate-x-3.5 data-[state=checked]:ring-0" />
    </Radix.Root>
  );
}
