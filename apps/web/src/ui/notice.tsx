import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '@/lib/class-names.ts';

const TONES = {
  info: { icon: Info, look: 'border-line bg-sunken', ink: 'text-accent' },
  warn: { icon: TriangleAlert, look: 'border-line bg-warn-wash', ink: 'text-warn' },
  bad: { icon: CircleAlert, look: 'border-line bg-bad-wash', ink: 'text-bad' },
} as const;

/** Something a person should read here: what happened, what it means, what to do. */
export function Notice(props: {
  tone: keyof typeof TONES;
  children: ReactNode;
  className?: string;
  role?: string;
}) {
  const { icon: Icon, look, ink } = TONES[props.tone];
  return (
    <div role={props.role} className={cn('flex gap-3 rounded-md border px-3 py-2', look, props.className)}>
      <Icon aria-hidden="true" className={cn('mt-0.5 size-4 shrink-0', ink)} />
      <div className="min-w-0 flex-1">{props.children}</div>
    </div>
  );
}
