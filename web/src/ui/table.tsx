// Tables with a keyboard cursor: j and k move it, Enter opens, or goes to the row's first control. The cursor is
// the focus itself, so that what a screen reader hears and what is marked never differ.
import { type KeyboardEvent, type ReactNode, useCallback, useEffect } from "react";

import { cx } from "./cx";

export const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

// Rows carry data-row; `j`, from anywhere on the page that is not a field, goes to the first. The frame of all pages
// calls it once.
export function useRowKeys(within: React.RefObject<HTMLElement | null>) {
  const move = useCallback(
    (step: 1 | -1) => {
      const rows = [...(within.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
      const current = rows.findIndex((row) => (row.closest("li") ?? row).contains(document.activeElement));
      const next = rows[current < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, current + step))];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    },
    [within],
  );
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (document.querySelector("[role=dialog],[role=menu]")) return;
      if (event.key !== "j" && event.key !== "k") return;
      event.preventDefault();
      move(event.key === "j" ? 1 : -1);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [move]);
}

// What makes an element a row that can be opened.
export function rowProps(open: () => void) {
  return {
    "data-row": true,
    tabIndex: 0,
    onClick: (event: React.MouseEvent) => {
      if ((event.target as HTMLElement).closest("a,button,input,[role=menu]")) return;
      if (window.getSelection()?.toString()) return;
      open();
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.target !== event.currentTarget) return;
      if (event.key === "Enter") {
        event.preventDefault();
        open();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const sibling =
          event.key === "ArrowDown" ? event.currentTarget.nextElementSibling : event.currentTarget.previousElementSibling;
        if (sibling instanceof HTMLElement && sibling.matches("[data-row]")) {
          event.preventDefault();
          sibling.focus();
        }
      }
    },
  };
}

// A row that opens nothing: the cursor stops at it, and Enter goes on to what can be done there.
const READ_ROW = {
  "data-row": true,
  tabIndex: -1,
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.key !== "Enter") return;
    event.preventDefault();
    // Some stand in a row twice: for wide screens and for narrow ones.
    [...event.currentTarget.querySelectorAll<HTMLElement>("a,button,select,input")].find((control) => control.checkVisibility())?.focus();
  },
};

export interface Column<T> {
  name: string;
  cell: (row: T) => ReactNode;
  className?: string;
  hideName?: boolean;
  wide?: boolean | undefined; // not on a small screen
}

export function Table<T>({ label, columns, rows, keyOf, open, dense, footer }: {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  open?: (row: T) => void;
  dense?: boolean;
  footer?: ReactNode;
}) {
  // Of a small screen's columns, too, the first and the last stand in line with what is above the table.
  const first = columns.findIndex(({ wide }) => !wide);
  const last = columns.findLastIndex(({ wide }) => !wide);
  const place = (column: Column<T>, index: number) => cx("px-2 first:pl-4 last:pr-4 sm:px-3", index === first && "max-sm:pl-4", index === last && "max-sm:pr-4", column.wide && "max-sm:hidden", column.className);
  return (
    // Rows that take no focus leave the scrolling to the region around them.
    <div className="relative overflow-x-auto rounded-b-panel outline-offset-[-2px]" {...(open ? {} : { role: "group", tabIndex: 0, "aria-label": label })}>
      <table className="w-full text-left text-sm" aria-label={label}>
        <thead>
          <tr className="border-b">
            {columns.map((column, index) => (
              <th key={column.name} scope="col" className={cx("h-9 text-xs font-medium whitespace-nowrap text-muted", place(column, index))}>
                {column.hideName ? <span className="sr-only">{column.name}</span> : column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={keyOf(row)}
              {...(open ? rowProps(() => open(row)) : READ_ROW)}
              className={cx(
                "border-b outline-offset-[-2px] last:border-b-0 focus-visible:bg-hover",
                dense ? "h-9" : "h-11",
                open && "cursor-pointer transition-colors duration-[120ms] hover:bg-hover",
              )}
            >
              {columns.map((column, index) => (
                <td key={column.name} className={place(column, index)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {footer}
    </div>
  );
}
