// The last requests, a line each; a line opens the row's detail.
import { useNavigate } from "@tanstack/react-router";

import type { LiveRequest } from "@/api/contract";
import { formatMs } from "@/lib/format";
import { exactMoney, formatMoney } from "@/lib/money";
import { Cut } from "@/ui/cut";
import { HttpStatus } from "@/ui/status";
import { type Column, Table } from "@/ui/table";
import { Time } from "@/ui/time";

export type Listed = LiveRequest & { input_tokens?: number; output_tokens?: number };

// What came of a request, and on a small screen, which has no column for it, when.
export const Ended = ({ of }: { of: Pick<LiveRequest, "status" | "error_code" | "admitted_at"> }) => (
  <span className="block max-sm:py-1">
    <HttpStatus brief code={of.status} error={of.error_code} />
    <Time at={of.admitted_at} className="block text-xs whitespace-nowrap text-muted sm:hidden" />
  </span>
);

export function RequestList({ rows, withKey }: { rows: Listed[]; withKey?: boolean }) {
  const navigate = useNavigate();
  const columns: Column<Listed>[] = [
    { name: "Time", wide: true, cell: (row) => <Time at={row.admitted_at} className="whitespace-nowrap text-muted" /> },
    ...(withKey
      ? [
          {
            name: "Key",
            cell: (row: Listed) => (
              <span className="block max-w-40 max-sm:max-w-32 max-sm:py-1">
                <Cut text={row.key_name} />
                <Cut text={row.model ?? "–"} className="font-mono text-xs text-muted sm:hidden" />
              </span>
            ),
          },
        ]
      : []),
    { name: "Model", wide: withKey, cell: (row) => <Cut text={row.model ?? "–"} className="max-w-52 font-mono text-xs max-sm:max-w-32" /> },
    { name: "Status", cell: (row) => <Ended of={row} /> },
    { name: "Latency", className: "text-right", wide: true, cell: (row) => <span className="numbers whitespace-nowrap">{formatMs(row.latency_ms)}</span> },
    { name: "Cost", className: "text-right", cell: (row) => <span className="numbers whitespace-nowrap" title={exactMoney(row.cost)}>{formatMoney(row.cost)}</span> },
  ];
  return (
    <Table
      dense
      label="Requests"
      columns={columns}
      rows={rows}
      keyOf={(row) => row.id}
      open={(row) => void navigate({ to: "/usage", search: { row: row.id, ...(withKey ? {} : { key: row.key }) } })}
    />
  );
}
