// The one time that a secret is on screen: selected, copied with one press, in snippets that work when
// pasted. It is gone with the dialog; nothing keeps it.
import { useEffect, useRef, useState } from "react";

import { firstCall, type Language, LANGUAGES, snippet } from "@/lib/snippets";
import { CopyButton } from "@/ui/copy";
import { Check } from "@/ui/field";
import { useShownOnce } from "@/ui/shown_once";
import { CodeBlock, TabPanel, Tabs } from "@/ui/tabs";

export function SecretShown({ secret, environment, models, onStored }: { secret: string; environment: string; models: string[]; onStored: (stored: boolean) => void }) {
  const [language, setLanguage] = useState<Language>("curl");
  const [copied, setCopied] = useState(false);
  const [ticked, setTicked] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const stored = copied || ticked;
  useEffect(() => onStored(stored), [stored, onStored]);
  useShownOnce(!stored);
  const call = firstCall(location.origin, secret, environment, models);
  return (
    <div className="space-y-4">
      <div>
        <div className="flex flex-col gap-2 sm:flex-row">
          {/* All of it is seen: where one line is too short, it takes more. */}
          <textarea
            ref={field}
            readOnly
            rows={2}
            spellCheck={false}
            aria-label="The secret"
            value={secret}
            onFocus={(event) => event.target.select()}
            className="field-sizing-content min-h-11 min-w-0 resize-none overflow-hidden rounded-control border border-accent bg-accent-soft px-3 py-2 font-mono text-base break-all text-ink sm:h-11 sm:flex-1 sm:py-2.5 sm:text-lg"
          />
          <CopyButton look="primary" text={secret} label="Copy" className="sm:!h-11" onCopied={() => setCopied(true)} />
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
