// Light or dark: the system's, until somebody chooses.
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const STORED = "tollgate-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function stored(): Theme {
  try {
    const theme = localStorage.getItem(STORED);
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch {
    return "system";
  }
}

export function applyTheme() {
  const theme = stored();
  document.documentElement.dataset["theme"] = theme === "system" ? (system.matches ? "dark" : "light") : theme;
}

export function setTheme(theme: Theme) {
  try {
    if (theme === "system") localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, theme);
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
    document.documentElement.dataset["theme"] = theme === "system" ? "" : theme;
    return;
  }
  applyTheme();
  for (const tell of listeners) tell();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, stored);
}

system.addEventListener("change", applyTheme);
