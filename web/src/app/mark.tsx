// The sign of the product: a gate's beam over a road that parts.
export const Mark = ({ className }: { className?: string }) => (
  <svg aria-hidden viewBox="0 0 32 32" className={className}>
    <rect width="32" height="32" rx="8" className="fill-accent" />
    <path d="M8 10h16M16 10v14" strokeWidth="3" strokeLinecap="round" className="stroke-on-accent" />
    <path d="M8 24l5-5M24 24l-5-5" strokeWidth="3" strokeLinecap="round" className="stroke-on-accent" opacity="0.6" />
  </svg>
);
