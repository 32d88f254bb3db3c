// A button that takes the place of the one that was just pressed is not pressed by the second half of a double click.
import { useEffect, useState } from "react";

const DOUBLE_CLICK_MS = 600;

export function useSettled(): boolean {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), DOUBLE_CLICK_MS);
    return () => clearTimeout(timer);
  }, []);
  return settled;
}
