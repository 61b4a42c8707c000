import { Search } from 'lucide-react';
import type { ComponentProps } from 'react';
import { Key } from './key.tsx';

interface SearchBoxProps extends Omit<ComponentProps<'input'>, 'onChange'> {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** A field to search or filter with; `/` leads here. Esc empties it, then leaves it. */
export function SearchBox({ label, value, onChange, onKeyDown, ...props }: SearchBoxProps) {
  return (
    <div className="relative min-w-0 flex-1">
      <Search className="pointer-events-none absolute top-2 left-2.5 size-4 text-muted" aria-hidden="true" />
      <input
        type="text"
        spellCheck={false}
        autoComplete="off"
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          onKeyDown?.(event);
          if (event.key !== 'Escape') return;
          if (value === '') event.currentTarget.blur();
          else onChange('');
        }}
        className="h-8 w-full rounded-md border bg-surface pr-8 pl-8 font-mono text-xs placeholder:text-muted"
        {...props}
      />
      <span className="pointer-events-none absolute top-1.5 right-1.5 hidden sm:block">
        <Key>/</Key>
      </span>
    </div>
  );
}
