import { type ButtonHTMLAttributes, forwardRef, type MouseEvent, type ReactNode, useEffect, useRef } from "react";

import { cx } from "./cx";

const LOOKS = {
  primary: "bg-accent text-on-accent hover:brightness-110 border-transparent font-medium",
  plain: "bg-panel text-ink border-line hover:bg-hover font-medium",
  quiet: "bg-transparent text-muted border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-bad text-on-bad border-transparent hover:brightness-110 font-medium",
  warn: "bg-panel text-bad border-line hover:bg-bad-soft font-medium",
};

const AGAIN_MS = 400;

// A button that asks something of the gateway is pressed once: what a double click or a held Enter adds comes before it is
// seen to be busy. It takes the next press as soon as it was answered.
function useOnePress(busy: boolean | undefined, onClick: Props["onClick"]) {
  const last = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (!busy) last.current = Number.NEGATIVE_INFINITY;
  }, [busy]);
  return (event: MouseEvent<HTMLButtonElement>) => {
    if (busy !== undefined && event.timeStamp - last.current < AGAIN_MS) {
      event.preventDefault();
      return;
    }
    last.current = event.timeStamp;
    onClick?.(event);
  };
}

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: keyof typeof LOOKS;
  size?: "normal" | "small" | "icon";
  busy?: boolean;
  icon?: ReactNode;
}

export const Button = forwardRef<HTMLButtonElement, Props>(function Button(
  { look = "plain", size = "normal", busy, icon, className, children, disabled, onClick, onKeyDown, ...rest },
  ref,
) {
  const press = useOnePress(busy, onClick);
  return (
    <button
      ref={ref}
      type="button"
      {...rest}
      onClick={press}
      // A key that is held down presses the button that it meets next no more than once.
      onKeyDown={(event) => {
        onKeyDown?.(event);
        if (event.repeat && event.key === "Enter") event.preventDefault();
      }}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-control border whitespace-nowrap transition-[background-color,filter,color] duration-[120ms] select-none disabled:opacity-50",
        size === "normal" && "h-9 px-3.5 text-base",
        size === "small" && "h-7 px-2.5 text-sm",
        size === "icon" && "size-8 text-base",
        LOOKS[look],
        className,
      )}
    >
      {icon}
      {children}
    </button>
  );
});
