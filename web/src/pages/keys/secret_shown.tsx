// The one time that a secret is on screen: selected, copied with one press, in snippets that work when
// pasted. It is gone with the dialog; nothing keeps it.
import { useEffect, useRef, useState } from "react";

import { firstCall, type Language, LANGUAGES, snippet } from "@/lib/snippets";
import { CopyButton } from "@/ui/copy";
import { Check } from "@/ui/field";
import { CodeBlock, TabPanel, Tabs } from "@/ui/tabs";

export function SecretShown({ secret, environment, models, onStored }: { secret: string; environment: string; models: string[]; onStored: (stored: boolean) => void }) {
  const [language, setLanguage] = useState<Language>("curl");
  const [copied, setCopied] = useState(false);
  const [ticked, setTicked] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  useEffect(() => onStored(copied || ticked), [copied, ticked, onStored]);
  const call = firstCall(location.origin, secret, environment, models);
  return (
    <div className="space-y-4">
      <div>
        <div className="flex gap-2">
          <input
            ref={field}
            readOnly
            aria-label="The secret"
            value={secret}
            onFocus={(event) => event.target.select()}
            className="h-11 min-w-0 flex-1 rounded-control border border-accent bg-accent-soft px-3 font-mono text-base text-ink"
          />
          <CopyButton look="primary" text={secret} label="Copy" className="!h-11" onCopied={() => setCopied(true)} />
        </div>
        <p className="mt-2 text-sm text-warning">You won’t see this again.</p>
      </div>
      <div className="overflow-hidden rounded-panel border">
        <Tabs
          label="Snippets"
          value={language}
          onChange={setLanguage}
          tabs={LANGUAGES}
          aside={<CopyButton bare look="quiet" className="mr-1.5" text={snippet(language, call)} label="Copy the snippet" onCopied={() => setCopied(true)} />}
        >
          {LANGUAGES.map(({ id }) => (
            <TabPanel key={id} id={id}>
              <CodeBlock className="max-h-56">{snippet(id, call)}</CodeBlock>
            </TabPanel>
          ))}
        </Tabs>
      </div>
      <Check checked={ticked} onChange={setTicked}>
        I have stored it
      </Check>
    </div>
  );
}
