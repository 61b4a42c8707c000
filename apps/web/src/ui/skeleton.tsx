import { cn } from '@/lib/class-names.ts';

/** Stands where something will be, once loading takes longer than a glance. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cn('appear-late block rounded-sm bg-sunken', className)} />;
}
