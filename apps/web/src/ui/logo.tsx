/** Two ends, two roads: straight across, or down through the stack. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true" strokeLinecap="round">
      <path d="M3.5 8c4 0 4 10 8.5 10s4.5-10 8.5-10" className="stroke-stack" strokeWidth="2.25" />
      <path d="M3.5 8h17" className="stroke-accent" strokeWidth="2.75" />
      <circle cx="3.5" cy="8" r="2.5" className="fill-ink" />
      <circle cx="20.5" cy="8" r="2.5" className="fill-ink" />
    </svg>
  );
}
