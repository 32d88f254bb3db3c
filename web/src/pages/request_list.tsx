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

export function RequestList({ rows, withKey }: { rows: Listed[]; withKey?: boolean }) {
  const navigate = useNavigate();
  const columns: Column<Listed>[] = [
    { name: "Time", cell: (row) => <Time at={row.admitted_at} className="whitespace-nowrap text-muted" /> },
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
    { name: "Model", className: withKey ? "max-sm:hidden" : "", cell: (row) => <Cut text={row.model ?? "–"} className="max-w-52 font-mono text-xs max-sm:max-w-32" /> },
    { name: "Status", cell: (row) => <HttpStatus brief code={row.status} error={row.error_code} /> },
    { name: "Latency", className: "text-right max-sm:hidden", cell: (row) => <span className="numbers whitespace-nowrap">{formatMs(row.latency_ms)}</span> },
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
