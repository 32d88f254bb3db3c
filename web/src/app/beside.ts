// What opens beside a list stands in the URL: the way back closes it, and closing it is the way back, so that no entry of the
// history shows the same list twice. Whoever came by a link closes it where they are.
import { useRouter } from "@tanstack/react-router";

export const BESIDE = { beside: true } as const;

export function useCloseBeside(close: () => void) {
  const router = useRouter();
  return () => (router.latestLocation.state.beside ? router.history.back() : close());
}
