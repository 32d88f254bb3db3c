// The admin API over the local socket, for what a test needs to be there before a page is looked at.
import { request } from "node:http";
import { join } from "node:path";

import type { Gateway } from "./gateway";

export interface Reply {
  status: number;
  body: Record<string, unknown>;
}

export function admin(gateway: Gateway, method: string, path: string, body?: unknown): Promise<Reply> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: join(gateway.data, "admin.sock"),
        method,
        path: `/admin/v1/${path}`,
        headers: text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) },
      },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(pieces).toString() || "{}") as Record<string, unknown> }));
      },
    );
    asked.on("error", reject);
    asked.end(text);
  });
}

export async function made(gateway: Gateway, path: string, body: unknown): Promise<Record<string, unknown>> {
  const reply = await admin(gateway, "POST", path, body);
  if (reply.status !== 201) throw new Error(`POST ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}
