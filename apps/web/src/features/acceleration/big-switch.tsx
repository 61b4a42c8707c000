import { LoaderCircle } from 'lucide-react';
import { Switch } from 'radix-ui';
import { cn } from '@/lib/class-names.ts';

interface BigSwitchProps {
  /** The state that is reached or being reached. */
  on: boolean;
  /** The kernel is being changed. */
  pending: boolean;
  disabled: boolean;
  onChange: (on: boolean) => void;
  describedBy: string;
}

/** The biggest control of the page. While the kernel is being changed it shows the target, and that it is not reached yet. */
export function BigSwitch({ on, pending, disabled, onChange, describedBy }: BigSwitchProps) {
  return (
    <Switch.Root
      checked={on}
      onCheckedChange={onChange}
      disabled={disabled}
      aria-label="Acceleration"
      aria-busy={pending}
      aria-describedby={describedBy}
      className={cn(
        'group relative h-11 w-[84px] shrink-0 rounded-full border-2 transition-colors',
        on && !pending ? 'border-accent bg-accent' : 'border-line-strong bg-sunken',
        pending && 'border-dashed border-accent bg-accent-wash',
        'disabled:cursor-not-allowed disabled:opacity-50',
      )}
    >
      <span
        aria-hidden="true"
        className={cn(
          'absolute inset-y-0 flex items-center text-xs font-semibold',
          on ? 'left-3' : 'right-3',
          on && !pending ? 'text-on-accent' : 'text-muted',
        )}
      >
        {on ? 'ON' : 'OFF'}
      </span>
      <Switch.Thumb
        className={cn(
          'relative flex size-8 items-center justify-center rounded-full transition-transform',
          on ? 'translate-x-[44px]' : 'translate-x-1',
          on && !pending ? 'bg-on-accent' : 'bg-line-strong',
          pending && 'bg-accent text-on-accent',
        )}
      >
        {pending && <LoaderCircle className="turning size-5" aria-hidden="true" />}
      </Switch.Thumb>
    </Switch.Root>
  );
}
