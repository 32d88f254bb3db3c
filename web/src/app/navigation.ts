// The pages, in the order of the sidebar; the command palette lists the same.
import { Activity, Boxes, ClipboardList, Coins, Gauge, KeyRound, ListTree, Play, Server, Settings, Users, type LucideIcon } from "lucide-react";

import type { Role } from "@/api/contract";

type Path =
  | "/" | "/keys" | "/profiles" | "/usage" | "/models" | "/providers" | "/credits" | "/playground" | "/audit"
  | "/members" | "/settings";

export interface Place {
  to: Path;
  name: string;
  icon: LucideIcon;
  needs?: Role | "operator";
  words?: string; // what else people look for it by
}

export const PLACES: Place[] = [
  { to: "/", name: "Overview", icon: Gauge, words: "home dashboard live" },
  { to: "/keys", name: "API keys", icon: KeyRound, words: "tokens secrets" },
  { to: "/profiles", name: "Routing profiles", icon: ListTree, words: "rules explain" },
  { to: "/usage", name: "Usage", icon: Activity, words: "requests logs cost csv" },
  { to: "/models", name: "Models", icon: Boxes, words: "prices catalogue" },
  { to: "/providers", name: "Providers", icon: Server, words: "upstream health" },
  { to: "/credits", name: "Credits", icon: Coins, words: "balance grants money" },
  { to: "/playground", name: "Playground", icon: Play, words: "chat try compare", needs: "member" },
  { to: "/audit", name: "Audit", icon: ClipboardList, needs: "admin", words: "changes history log" },
  { to: "/members", name: "Members", icon: Users, words: "people invitations roles" },
  { to: "/settings", name: "Settings", icon: Settings, words: "theme password sessions workspace" },
];
