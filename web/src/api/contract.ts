// Names for the API's documents that pages speak of.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Key = Schemas["Key"];
export type KeyWithSecret = Schemas["KeyWithSecret"];
export type KeySecret = Schemas["KeySecret"];
export type KeyPatch = Schemas["KeyPatch"];
export type Limit = Schemas["Limit"];
export type Workspace = Schemas["Workspace"];
export type Grant = Schemas["Grant"];
export type UsageRow = Schemas["UsageRow"];
export type UsageTotal = Schemas["UsageTotal"];
export type Attempt = Schemas["Attempt"];
export type AuditRow = Schemas["AuditRow"];

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export type Role = Schemas["Role"];
export type SignInOptions = Schemas["SignIn"];
export type Session = Schemas["Session"];
export type OpenSession = Schemas["OpenSession"];
export type Member = Schemas["Member"];
export type Invitation = Schemas["Invitation"];
export type InvitationWithLink = Schemas["InvitationWithLink"];
export type InvitationView = Schemas["InvitationView"];

export type Figures = Schemas["Figures"];
export type KeyOverview = Schemas["KeyOverview"];
export type Overview = Schemas["Overview"];
// Medians are told only by gateways that keep them.
export type SeriesPoint = Overview["series"][number] & { latency_p50_ms?: number | null };

// What an event `request` of GET /admin/v1/events carries.
export type LiveRequest = Pick<UsageRow, "id" | "key" | "key_name" | "model" | "status" | "cost" | "latency_ms"> & {
  admitted_at: string;
  error_code?: string | null;
};

export type Tier = "NANO" | "SIMPLE" | "LIGHT" | "STANDARD" | "COMPLEX";

// Why a request went where it went; kept with its row, and what explaining a prompt answers.
export interface RouteDecision {
  strategy: string;
  profile?: string;
  classified?: Tier;
  confidence?: number;
  tier?: Tier;
  eligible: number;
  candidates: { model: string; provider: string; region: string; health: string; score: number }[];
  dropped: { model: string; provider: string; region: string; why: string }[];
  dropped_counts: Record<string, number>;
}

export type DecidedRow = UsageRow & { route_decision?: RouteDecision | null };

export type Model = Schemas["Model"];

export interface Health {
  state: "healthy" | "degraded" | "down";
  success_rate: string | null;
  successes: number;
  failures: number;
  median_latency_ms?: number | null;
  slowest_median_latency_ms?: number | null;
  p95_latency_ms?: number | null;
  next_probe_at?: string | null;
}

// Gateways without health tell the rest.
export type Provider = Schemas["Provider"] & { health?: Health };

export interface ProviderVerdict {
  ok: boolean;
  verdict: string;
  message: string;
  status: number | null;
  latency_ms: number | null;
  missing_models: string[];
}

export interface ProfileRules {
  name: string;
  description?: string;
  strategy?: "balanced" | "cheapest" | "fastest" | "quality" | string[];
  tier_floor?: Tier;
  tier_ceiling?: Tier;
  capabilities?: Partial<Record<"vision" | "file" | "tools" | "audio" | "video", boolean>>;
  cost_cap?: string | null;
  min_tool_calling?: number;
  region?: string;
  models?: string[];
  honor_model?: boolean;
}

export interface Profile extends ProfileRules {
  id: string;
  workspace_id: string;
  created_at: string;
  created_by: string;
  source: "file" | "api" | "built-in";
  key: KeyWithSecret | null;
}

// What would become of a request of a key, and why.
export interface Explained {
  allowed: boolean;
  refusal: { status: number; code: string; message: string } | null;
  profile: string | null;
  model: string | null;
  provider: string | null;
  region: string | null;
  candidates: { model: string; provider: string; region: string | null; cost_bound?: string | null }[];
  decision: RouteDecision | null;
}
