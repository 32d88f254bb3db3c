// A dialog, and a panel that slides in from the side. Radix keeps focus inside and gives it back.
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useId, useRef } from "react";

import { Button } from "./button";
import { cx } from "./cx";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
  // Whether Escape and a click beside it may close it now.
  held?: boolean;
  onSubmit?: () => void;
}

// Where focus goes when a dialog closes: to what had it when it opened, or to the button of the menu that
// it was opened from, or, where that is gone, to the page. Radix does so only for a trigger of its own.
export function useFocusReturn(open: boolean) {
  const from = useRef<Element | null>(null);
  const was = useRef(false);
  if (open && !was.current) {
    const active = document.activeElement;
    const menu = active?.closest("[role=menu]")?.getAttribute("aria-labelledby");
    from.current = menu ? document.getElementById(menu) : active;
  }
  was.current = open;
  return (event: Event) => {
    event.preventDefault();
    // One that follows another has it already, and so has what was gone to meanwhile.
    const taken = document.activeElement !== null && document.activeElement !== document.body;
    if (taken || document.querySelector("[role=dialog]")) return;
    const back = from.current instanceof HTMLElement && from.current.isConnected && from.current !== document.body ? from.current : document.getElementById("main");
    back?.focus({ preventScroll: true });
  };
}

export function Dialog({ open, onOpenChange, title, description, children, footer, wide, held, onSubmit }: Props) {
  const giveBack = useFocusReturn(open);
  const keep = (event: Event) => {
    if (held) event.preventDefault();
  };
  const body = (
    <>
      <div className="min-h-0 flex-1 overflow-y-auto px-6 py-5">{children}</div>
      {footer && (
        <div className="flex flex-wrap items-center justify-end gap-2 border-t bg-sunken px-6 py-3">{footer}</div>
      )}
    </>
  );
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Radix.Content
          onEscapeKeyDown={keep}
          onCloseAutoFocus={giveBack}
          onInteractOutside={keep}
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cx(
            "fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[92dvh] animate-rise flex-col overflow-hidden rounded-t-xl bg-panel shadow-float outline-none sm:top-[8vh] sm:bottom-auto sm:max-h-[84vh] sm:rounded-xl",
            wide ? "sm:w-[720px]" : "sm:w-[560px]",
            "max-w-full sm:max-w-[calc(100vw-32px)]",
          )}
        >
          <header className="flex items-start gap-4 px-6 pt-5">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg font-semibold break-words">{title}</Radix.Title>
              {description && <Radix.Description className="mt-1 text-sm text-muted">{description}</Radix.Description>}
            </div>
            {!held && (
              <Radix.Close asChild>
                <Button look="quiet" size="icon" aria-label="Close" className="-mt-1 -mr-2">
                  <X aria-hidden className="size-4" />
                </Button>
              </Radix.Close>
            )}
          </header>
          {onSubmit ? (
            <form
              noValidate
              className="flex min-h-0 flex-1 flex-col"
              onSubmit={(event) => {
                event.preventDefault();
                onSubmit();
              }}
            >
              {body}
            </form>
          ) : (
            body
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function SidePanel({
  open,
  onOpenChange,
  title,
  children,
}: Pick<Props, "open" | "onOpenChange" | "title" | "children">) {
  const named = useId();
  const giveBack = useFocusReturn(open);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          onCloseAutoFocus={giveBack}
          className="fixed inset-y-0 right-0 z-50 flex w-[560px] max-w-full animate-rise flex-col border-l bg-panel shadow-float outline-none"
        >
          <header className="flex items-center gap-3 border-b px-5 py-3">
            <Radix.Title className="min-w-0 flex-1 truncate font-semibold">
              <span id={named}>{title}</span>
            </Radix.Title>
            <Radix.Close asChild>
              <Button look="quiet" size="icon" aria-label="Close">
                <X aria-hidden className="size-4" />
              </Button>
            </Radix.Close>
          </header>
          {/* Focusable, so that a keyboard can scroll it. */}
          <div tabIndex={0} role="region" aria-labelledby={named} className="min-h-0 flex-1 overflow-y-auto p-5 outline-offset-[-2px]">
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
