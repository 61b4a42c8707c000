import { settingsSchema } from '@sidestep/shared';
import { useState } from 'react';
import { formatExact } from '@/lib/number.ts';
import { Button } from '@/ui/button.tsx';

const KIBIBYTE = 1024;

interface QueueCapProps {
  /** Bytes. */
  value: number;
  /** What it is when nobody changed it. */
  initial: number;
  onChange: (bytes: number) => void;
}

/** The cap in KiB, checked before it is sent. */
export function QueueCap({ value, initial, onChange }: QueueCapProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const text = draft ?? String(value / KIBIBYTE);
  const bytes = Math.round(Number(text) * KIBIBYTE);
  const valid = text.trim() !== '' && settingsSchema.shape.queueCap.safeParse(bytes).success;
  const save = (next: number) => {
    setDraft(null);
    if (next !== value) onChange(next);
  };
  return (
    <form
      className="flex flex-wrap items-center justify-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) save(bytes);
      }}
    >
      <input
        type="text"
        inputMode="numeric"
        aria-label="Queue cap in KiB"
        aria-invalid={!valid}
        aria-describedby={valid ? undefined : 'queue-cap-range'}
        value={text}
        onChange={(event) => setDraft(event.target.value)}
        className="tabular h-8 w-24 rounded-md border bg-surface px-2 text-right aria-invalid:border-bad"
      />
      <span className="text-muted">KiB</span>
      <Button type="submit" disabled={!valid || bytes === value}>
        Save
      </Button>
      {value !== initial && (
        <Button look="quiet" onClick={() => save(initial)}>
          Reset
        </Button>
      )}
      {!valid && (
        <p id="queue-cap-range" className="w-full text-right text-xs text-bad">
          64 to {formatExact(65_536)} KiB
        </p>
      )}
    </form>
  );
}
