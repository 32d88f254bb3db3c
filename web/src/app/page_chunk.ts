// A page's chunk. The router's own way with one that cannot be fetched is to load the whole page anew, which would leave the
// browser's error in its place where the gateway is gone.
import { lazyRouteComponent } from "@tanstack/react-router";

import { whenReachable } from "@/api/chunk";

export const pageChunk = <Module extends Record<string, unknown>, Name extends keyof Module & string>(fetchChunk: () => Promise<Module>, name: Name) => lazyRouteComponent(() => whenReachable(fetchChunk) as Promise<never>, name as never);
