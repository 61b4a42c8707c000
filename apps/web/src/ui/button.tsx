import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/class-names.ts';

const LOOKS = {
  plain: 'border border-line bg-surface text-ink hover:bg-hover',
  primary: 'border border-accent bg-accent text-on-accent hover:opacity-90',
  /** For what cannot be taken back. */
  danger: 'border border-bad bg-surface text-bad hover:bg-bad-wash',
  quiet: 'text-muted hover:bg-hover hover:text-ink',
} as const;

const SIZES = { normal: 'h-8 px-3', icon: 'size-8' } as const;

interface ButtonProps extends ComponentProps<'button'> {
  look?: keyof typeof LOOKS;
  size?: keyof typeof SIZES;
  /** Puts the looks on the child, a link for example. */
  asChild?: boolean;
}

export function Button({
  look = 'plain',
  size = 'normal',
  asChild = false,
  className,
  ...props
}: ButtonProps) {
  const Tag = asChild ? Slot.Root : 'button';
  return (
    <Tag
      type={asChild ? undefined : 'button'}
      className={cn(
        'inline-flex shrink-0 items-center justify-center gap-2 rounded-md font-medium transition-colors',
        'disabled:cursor-not-allowed disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
        'aria-pressed:border-accent aria-pressed:bg-accent-wash aria-pressed:text-accent',
        LOOKS[look],
        SIZES[size],
        className,
      )}
      {...props}
    />
  );
}
