// What stands where a secret would: it was made, but the answer that told the secret never came.
import { AlertTriangle } from "lucide-react";
import type { ReactNode } from "react";

export function SecretLost({ children }: { children: ReactNode }) {
  return (
    <div role="alert" className="flex items-start gap-3 rounded-panel border border-warning/40 bg-warning-soft px-4 py-3 text-sm">
      <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
      <p className="min-w-0 flex-1 break-words">{children}</p>
    </div>
  );
}
