// A key's sign: one of ours by its name, else the first letter of the key's name.
import { Bot, Code, FlaskConical, Globe, Key as KeyShape, Laptop, type LucideIcon, MessageCircle, Rocket, Server, ShieldCheck, Terminal, User, Workflow } from "lucide-react";

import { cx } from "./cx";

export const KEY_ICONS: Record<string, LucideIcon> = {
  server: Server,
  user: User,
  flask: FlaskConical,
  bot: Bot,
  chat: MessageCircle,
  terminal: Terminal,
  code: Code,
  globe: Globe,
  laptop: Laptop,
  rocket: Rocket,
  workflow: Workflow,
  shield: ShieldCheck,
  key: KeyShape,
};

export function KeyIcon({ icon, name, sandbox, large }: { icon: string | null; name: string; sandbox?: boolean; large?: boolean }) {
  const Shape = icon ? KEY_ICONS[icon] : undefined;
  // An icon that is not ours, such as an emoji, is text, and shown as such.
  const letter = icon && !Shape && [...icon].length <= 2 ? icon : ([...name.trim()][0] ?? "·").toUpperCase();
  return (
    <span
      aria-hidden
      className={cx(
        "grid shrink-0 place-items-center rounded-control border font-medium",
        large ? "size-10 text-lg" : "size-7 text-sm",
        sandbox ? "border-sandbox/30 bg-sandbox-soft text-sandbox" : "bg-sunken text-muted",
      )}
    >
      {Shape ? <Shape className={large ? "size-5" : "size-4"} /> : <bdi>{letter}</bdi>}
    </span>
  );
}
