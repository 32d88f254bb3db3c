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
export type PasswordResetLink = Schemas["PasswordResetLink"];
export type OidcLink = Schemas["OidcLink"];
export type OidcDeparture = Schemas["OidcDeparture"];
export type OpenSession = Schemas["OpenSession"];
export type Member = Schemas["Member"];
export type Invitation = Schemas["Invitation"];
export type InvitationWithLink = Schemas["InvitationWithLink"];
export type InvitationView = Schemas["InvitationView"];

export type Figures = Schemas["Figures"];
export type KeyOverview = Schemas["KeyOverview"];
export type Overview = Schemas["Overview"];
export type SeriesPoint = Overview["series"][number];

// What events `request` and `use` of GET /admin/v1/events carry.
export type LiveRequest = Pick<UsageRow, "id" | "key" | "key_name" | "model" | "status" | "cost" | "latency_ms"> & {
  admitted_at: string;
  error_code?: string | null;
};
export type LiveUse = Schemas["UseEvent"];

export type Tier = Schemas["Tier"];

// Why a request went where it went; kept with its row, and what explaining a prompt answers.
export type RouteDecision = Schemas["RouteDecision"];

export type Model = Schemas["Model"];
export type Health = Schemas["Health"];
export type Provider = Schemas["Provider"] & { health: Health };
export type ProviderVerdict = Schemas["ProviderVerdict"];

// The rules of one that has a name.
export type ProfileRules = Schemas["ProfileRules"] & { name: string };
export type Profile = Schemas["Profile"] & { name: string };
export type ProfileWithSecret = Schemas["ProfileWithSecret"] & { name: string };

// What would become of a request of a key, and why.
export type Explained = Schemas["Explanation"];
