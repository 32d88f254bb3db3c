// The last requests, a line each; a line opens the row's detail.
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";

import type { LiveRequest } from "@/api/contract";
import { formatMs } from "@/lib/format";
import { exactMoney, formatMoney } from "@/lib/money";
import { HttpStatus } from "@/ui/status";
import { type Column, Table, useRowKeys } from "@/ui/table";
import { Time } from "@/ui/time";

export type Listed = LiveRequest & { input_tokens?: number; output_tokens?: number };

export function RequestList({ rows, withKey }: { rows: Listed[]; withKey?: boolean }) {
  const navigate = useNavigate();
  const box = useRef<HTMLDivElement>(null);
  useRowKeys(box);
  const columns: Column<Listed>[] = [
    { name: "Time", cell: (row) => <Time at={row.admitted_at} className="whitespace-nowrap text-muted" /> },
    ...(withKey ? [{ name: "Key", cell: (row: Listed) => <span className="block max-w-40 truncate">{row.key_name}</span> }] : []),
    { name: "Model", cell: (row) => <span className="block max-w-52 truncate font-mono text-xs">{row.model ?? "–"}</span> },
    { name: "Status", cell: (row) => <HttpStatus code={row.status} error={row.error_code} /> },
    { name: "Latency", className: "text-right", cell: (row) => <span className="numbers whitespace-nowrap">{formatMs(row.latency_ms)}</span> },
    { name: "Cost", className: "text-right", cell: (row) => <span className="numbers whitespace-nowrap" title={exactMoney(row.cost)}>{formatMoney(row.cost)}</span> },
  ];
  return (
    <div ref={box}>
      <Table
        dense
        label="Requests"
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        open={(row) => void navigate({ to: "/usage", search: { row: row.id, ...(withKey ? {} : { key: row.key }) } })}
      />
    </div>
  );
}
