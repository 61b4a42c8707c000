import { type PortRange, parsePorts, portsInWords, samePorts } from '@sidestep/shared';
import { useState } from 'react';
import { Button } from '@/ui/button.tsx';
import { mergePorts } from './merge-ports.ts';

interface KeptPortsProps {
  value: readonly PortRange[];
  /** What is typed can be sent, and nothing is on its way. */
  ready: boolean;
  /** `seen` is what was there when the change was begun. Calls `onSaved` once it is kept. */
  onChange: (ranges: PortRange[], seen: readonly PortRange[], onSaved: () => void) => void;
}

interface Draft {
  readonly text: string;
  readonly seen: readonly PortRange[];
}

const inField = (ranges: readonly PortRange[]) => (ranges.length > 0 ? portsInWords(ranges) : '');

/** Ports and ranges in one line, checked before they are sent. What is typed stays until the daemon has it. */
export function KeptPorts({ value, ready, onChange }: KeptPortsProps) {
  const [draft, setDraft] = useState<Draft | null>(null);
  const seen = draft?.seen ?? value;
  const text = draft?.text ?? inField(value);
  const parsed = parsePorts(text);
  const problem = 'problem' in parsed ? parsed.problem : null;
  const changed = 'ranges' in parsed && !samePorts(parsed.ranges, value);
  const overtaken = changed && !samePorts(seen, value);
  const save = (ranges: PortRange[], from: readonly PortRange[]) => {
    // Typed on meanwhile, it is another draft.
    onChange(ranges, from, () => setDraft((now) => (now === draft ? null : now)));
  };
  return (
    <form
      // As wide as the field and its buttons, also where there is more to say: what stands beside it keeps its place.
      className="flex w-full flex-col gap-2 sm:w-min"
      onSubmit={(event) => {
        event.preventDefault();
        if ('ranges' in parsed && changed && !overtaken && ready) save(parsed.ranges, seen);
      }}
    >
      <div className="flex items-center gap-2">
        <input
          type="text"
          autoComplete="off"
          spellCheck={false}
          placeholder="none"
          aria-label="Server ports to keep on the stack"
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : 'kept-ports-problem'}
          value={text}
          onChange={({ target }) =>
            setDraft(target.value === inField(seen) ? null : { text: target.value, seen })
          }
          className="tabular h-8 w-40 rounded-md border bg-surface px-2 placeholder:text-muted aria-invalid:border-bad"
        />
        <Button type="submit" aria-label="Save ports" disabled={!changed || overtaken || !ready}>
          Save
        </Button>
        {value.length > 0 && (
          <Button look="quiet" aria-label="Clear ports" disabled={!ready} onClick={() => save([], value)}>
            Clear
          </Button>
        )}
      </div>
      {problem !== null && (
        <p id="kept-ports-problem" className="text-xs text-bad sm:text-right">
          {problem}
        </p>
      )}
      {overtaken && 'ranges' in parsed && (
        <div role="status" className="flex items-center justify-between gap-2 text-xs">
          <p>Changed by somebody else meanwhile: now {portsInWords(value)}.</p>
          <Button
            aria-label="Bring ports together"
            onClick={() => setDraft({ text: inField(mergePorts(seen, parsed.ranges, value)), seen: value })}
          >
            Bring together
          </Button>
        </div>
      )}
    </form>
  );
}
