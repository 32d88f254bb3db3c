// What somebody has typed and not saved yet is asked about before it is left.
type Ask = () => Promise<"leave" | "stay">;
const asks = new Set<Ask>();

// Until the function that it gives is called, who goes on asks it first.
export function unsaved(ask: Ask): () => void {
  asks.add(ask);
  return () => void asks.delete(ask);
}

export async function mayLeave(): Promise<boolean> {
  for (const ask of asks) if ((await ask()) === "stay") return false;
  return true;
}
