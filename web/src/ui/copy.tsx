import { Check, Copy } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";

import { Button } from "./button";
import { cx } from "./cx";

// Copies and says so for two seconds; where the browser gives pages over plain HTTP no clipboard,
// through a field that is selected for a moment.
export function useCopy(): [boolean, (text: string) => Promise<boolean>] {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = useCallback(async (text: string) => {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      field.setAttribute("readonly", "");
      field.className = "fixed top-0 left-0 opacity-0";
      (document.querySelector("[role=dialog]") ?? document.body).append(field);
      field.select();
      done = document.execCommand("copy");
      field.remove();
    }
    setCopied(done);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), 2000);
    return done;
  }, []);
  return [copied, copy];
}

export function CopyButton({
  text,
  label,
  onCopied,
  look = "plain",
  className,
  bare,
}: {
  text: string;
  label: string;
  onCopied?: () => void;
  look?: "plain" | "quiet" | "primary";
  className?: string;
  bare?: boolean;
}) {
  const [copied, copy] = useCopy();
  const Mark = copied ? Check : Copy;
  return (
    <Button
      look={look}
      size={bare ? "icon" : "normal"}
      className={cx(copied && look !== "primary" && "text-good", bare && "-my-1 size-7", className)}
      aria-label={bare ? label : undefined}
      title={bare ? label : undefined}
      onClick={async () => {
        if (await copy(text)) onCopied?.();
      }}
    >
      <Mark aria-hidden className="size-3.5" />
      {bare ? <span className="sr-only" role="status">{copied ? "Copied" : ""}</span> : copied ? "Copied" : label}
    </Button>
  );
}
