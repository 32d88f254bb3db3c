// Asks before what was typed and not saved is left: by a link, by the way back, by signing out, and, in the browser's own
// words, by closing its window.
import { useRouter } from "@tanstack/react-router";
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

interface Question {
  leave: () => void;
  stay: () => void;
}

const nothing = () => undefined;
const indexOf = ({ state: { __TSR_index: index } }: { state: { __TSR_index: number } }) => index;

// Each way out is refused at once, and gone again when the answer is to leave: so no answer comes after the next way was tried,
// and the address is always that of the page.
export function Unsaved({ changed, staysAt, title, children, onDiscard }: Props) {
  const router = useRouter();
  const [asking, setAsking] = useState(false);
  const question = useRef<Question>({ leave: nothing, stay: nothing });
  const stays = useRef(staysAt);
  stays.current = staysAt;
  // Asked twice, the first is answered by staying.
  const ask = useCallback((next: Question) => {
    question.current.stay();
    question.current = next;
    setAsking(true);
  }, []);
  useEffect(() => {
    if (!changed) return;
    const { history } = router;
    const unblock = history.block({
      enableBeforeUnload: true,
      blockerFn: ({ action, currentLocation: from, nextLocation: to }) => {
        if (stays.current(router.parseLocation(to))) return false;
        const anyway = { ignoreBlocker: true };
        const leave = () => {
          if (action === "PUSH") history.push(to.href, to.state, anyway);
          else if (action === "REPLACE") history.replace(to.href, to.state, anyway);
          else history.go(indexOf(to) - indexOf(from), anyway);
        };
        ask({ leave, stay: nothing });
        return true;
      },
    });
    const asked = unsaved(() => new Promise((resolve) => ask({ leave: () => resolve("leave"), stay: () => resolve("stay") })));
    return () => {
      unblock();
      asked();
    };
  }, [changed, router, ask]);
  const end = (how: keyof Question) => {
    const answered = question.current;
    question.current = { leave: nothing, stay: nothing };
    setAsking(false);
    if (how === "leave") onDiscard();
    answered[how]();
  };
  return (
    <Dialog
      open={asking}
      onOpenChange={(next) => !next && end("stay")}
      title={title}
      onSubmit={() => end("leave")}
      footer={
        <>
          <Button autoFocus onClick={() => end("stay")}>
            Keep editing
          </Button>
          <Button type="submit" look="danger">
            Discard changes
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
