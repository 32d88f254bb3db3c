// What Radix uses of `react-remove-scroll`: the page behind an open dialog or menu does not scroll.
// The package does it with a <style> element, which our Content-Security-Policy refuses; this does it
// through the style of the root element, which scripts may change. vite.config.ts puts it in its place.
import { useEffect, type ElementType, type ReactNode } from "react";

let locks = 0;

interface Props {
  as?: ElementType;
  children?: ReactNode;
  allowPinchZoom?: boolean;
  shards?: unknown;
  enabled?: boolean;
  [other: string]: unknown;
}

export function RemoveScroll({ as: Tag = "div", allowPinchZoom, shards, enabled, ...rest }: Props) {
  void allowPinchZoom;
  void shards;
  void enabled;
  useEffect(() => {
    const root = document.documentElement;
    if (locks++ === 0) {
      const bar = window.innerWidth - root.clientWidth;
      root.style.overflow = "hidden";
      if (bar > 0) root.style.paddingRight = `${bar}px`;
    }
    return () => {
      if (--locks === 0) {
        root.style.overflow = "";
        root.style.paddingRight = "";
      }
    };
  }, []);
  return <Tag {...rest} />;
}
