// How many keys there are in each status, as GET /admin/v1/key-counts tells it.
export interface KeyCounts {
  active: number;
  limited: number;
  disabled: number;
  expired: number;
}

// "All": a revoked key has left the list.
export const unrevoked = ({ active, limited, disabled, expired }: KeyCounts): number => active + limited + disabled + expired;
