import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";

import { cx } from "./cx";

export function Tabs<T extends string>({ value, onChange, tabs, children, label, aside }: { value: T; onChange: (value: T) => void; tabs: { id: T; name: string }[]; children: ReactNode; label: string; aside?: ReactNode }) {
  return (
    <Radix.Root value={value} onValueChange={(next) => onChange(next as T)}>
      <div className="flex items-center gap-2 border-b">
        <Radix.List aria-label={label} className="flex flex-1 gap-1 overflow-x-auto">
          {tabs.map((tab) => (
            <Radix.Trigger
              key={tab.id}
              value={tab.id}
              className={cx(
                "-mb-px border-b-2 border-transparent px-2.5 py-2 text-sm whitespace-nowrap text-muted outline-offset-[-2px] hover:text-ink",
                "data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink",
              )}
            >
              {tab.name}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {aside}
      </div>
      {children}
    </Radix.Root>
  );
}

export const TabPanel = ({ id, children, className }: { id: string; children: ReactNode; className?: string }) => (
  <Radix.Content value={id} className={cx("outline-offset-[-2px]", className)}>
    {children}
  </Radix.Content>
);

export function CodeBlock({ children, className }: { children: string; className?: string }) {
  return (
    <pre tabIndex={0} role="region" aria-label="Code" className={cx("overflow-auto bg-sunken p-3 font-mono text-xs leading-5 whitespace-pre outline-offset-[-2px]", className)}>
      <code>{children}</code>
    </pre>
  );
}
