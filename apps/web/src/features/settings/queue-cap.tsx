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
  /** What is typed can be sent, and nothing is on its way. */
  ready: boolean;
  /** Calls `onSaved` once it is kept. */
  onChange: (bytes: number, onSaved: () => void) => void;
}

/** The cap in KiB, checked before it is sent. What is typed stays until the daemon has it. */
export function QueueCap({ value, initial, ready, onChange }: QueueCapProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const text = draft ?? String(value / KIBIBYTE);
  const bytes = Math.round(Number(text) * KIBIBYTE);
  const valid = text.trim() !== '' && settingsSchema.shape.queueCap.safeParse(bytes).success;
  const save = (next: number) => {
    // Typed on meanwhile, it is another draft.
    onChange(next, () => setDraft((now) => (now === draft ? null : now)));
  };
  return (
    <form
      className="flex flex-wrap items-center justify-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid && bytes !== value && ready) save(bytes);
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
      <Button type="submit" disabled={!valid || bytes === value || !ready}>
        Save
      </Button>
      {value !== initial && (
        <Button look="quiet" disabled={!ready} onClick={() => save(initial)}>
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
