// Asks before what was typed and not saved is left: by a link, by the way back, by signing out, and, in the browser's own
// words, by closing its window.
import { useBlocker } from "@tanstack/react-router";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";

import { unsaved } from "@/lib/unsaved";

import { Button } from "./button";
import { Dialog } from "./dialog";

interface Place {
  pathname: string;
  search: object;
}

interface Props {
  changed: boolean;
  // Whether it is still there at another address.
  staysAt: (place: Place) => boolean;
  title: ReactNode;
  children: ReactNode; // what is lost
  onDiscard: () => void;
}

export function Unsaved({ changed, staysAt, title, children, onDiscard }: Props) {
  const [asking, setAsking] = useState(false);
  const answer = useRef<(answer: "leave" | "stay") => void>(() => undefined);
  const stays = useRef(staysAt);
  stays.current = staysAt;
  const ask = useCallback(() => {
    // Asked twice, the first is answered by staying.
    answer.current("stay");
    setAsking(true);
    return new Promise<"leave" | "stay">((resolve) => (answer.current = resolve));
  }, []);
  const shouldBlockFn = useCallback(async ({ next }: { next: Place }) => !stays.current(next) && (await ask()) === "stay", [ask]);
  useBlocker({ shouldBlockFn, enableBeforeUnload: true, disabled: !changed });
  useEffect(() => (changed ? unsaved(ask) : undefined), [changed, ask]);
  const end = (how: "leave" | "stay") => {
    setAsking(false);
    if (how === "leave") onDiscard();
    answer.current(how);
  };
  return (
    <Dialog
      open={asking}
      onOpenChange={(next) => !next && end("stay")}
      title={title}
      onSubmit={() => end("leave")}
      footer={
        <>
          <Button look="quiet" onClick={() => end("stay")}>
            Keep editing
          </Button>
          <Button type="submit" look="danger" autoFocus>
            Discard changes
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
