import { ToggleGroup as Primitive } from 'radix-ui';

interface ToggleGroupProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; words: string }[];
}

/** One of a few, side by side. */
export function ToggleGroup<T extends string>({ label, value, onChange, options }: ToggleGroupProps<T>) {
  return (
    <Primitive.Root
      type="single"
      value={value}
      // A second click on the chosen one would leave none.
      onValueChange={(next) => next && onChange(next as T)}
      aria-label={label}
      className="flex rounded-md border bg-surface p-0.5"
    >
      {options.map((option) => (
        <Primitive.Item
          key={option.value}
          value={option.value}
          className="h-6 rounded-sm px-2 text-xs text-muted hover:text-ink data-[state=on]:bg-sunken data-[state=on]:font-medium data-[state=on]:text-ink"
        >
          {option.words}
        </Primitive.Item>
      ))}
    </Primitive.Root>
  );
}
