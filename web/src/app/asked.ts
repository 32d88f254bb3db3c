// What the palette asks of a page beyond showing it: `do` in the URL, taken out as soon as the page has heard it.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

export const ASKED = ["add", "clock", "create", "edit", "grant", "invite", "password", "revoke", "rotate", "toggle", "verify"] as const;
export type Asked = (typeof ASKED)[number];

// run() once for each time that it is asked.
export function useAsked(what: Asked, run: () => unknown) {
  const { do: asked }: { do?: Asked } = useSearch({ strict: false });
  const navigate = useNavigate();
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (asked !== what) return;
    void navigate({ to: ".", search: (before) => ({ ...before, do: undefined }), replace: true });
    latest.current();
  }, [asked, what, navigate]);
}
