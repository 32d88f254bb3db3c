// Text that may be longer than its place: cut with an ellipsis, and whole on hover.
import { cx } from "./cx";

export const Cut = ({ text, className }: { text: string; className?: string }) => (
  <bdi title={text} className={cx("block truncate", className)}>
    {text}
  </bdi>
);
