import { cn } from '@/lib/class-names.ts';
import { formatBytes, formatCount, formatExact } from '@/lib/number.ts';

interface FigureProps {
  value: number;
  /** What is counted, for the exact value on hover: `messages per second`. */
  of: string;
  bytes?: boolean;
  suffix?: string;
  className?: string;
}

/** A number in three digits; every digit on hover. */
export function Figure({ value, of, bytes = false, suffix = '', className }: FigureProps) {
  const words = bytes ? formatBytes(value) : formatCount(value);
  return (
    <span className={cn('tabular whitespace-nowrap', className)} title={`${formatExact(value)} ${of}`}>
      {words}
      {suffix}
    </span>
  );
}
