import { type PortRange, parsePorts, portsInWords } from '@sidestep/shared';
import { useState } from 'react';
import { Button } from '@/ui/button.tsx';

interface KeptPortsProps {
  value: readonly PortRange[];
  onChange: (ranges: PortRange[]) => void;
}

const same = (a: readonly PortRange[], b: readonly PortRange[]) => portsInWords(a) === portsInWords(b);

/** Ports and ranges in one line, checked before they are sent. */
export function KeptPorts({ value, onChange }: KeptPortsProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const text = draft ?? (value.length > 0 ? portsInWords(value) : '');
  const parsed = parsePorts(text);
  const problem = 'problem' in parsed ? parsed.problem : null;
  const changed = 'ranges' in parsed && !same(parsed.ranges, value);
  const save = (ranges: PortRange[]) => {
    setDraft(null);
    if (!same(ranges, value)) onChange(ranges);
  };
  return (
    <form
      // As wide as the field and its buttons, also where there is more to say: what stands beside it keeps its place.
      className="flex w-full flex-col gap-2 sm:w-min"
      onSubmit={(event) => {
        event.preventDefault();
        if ('ranges' in parsed) save(parsed.ranges);
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
          onChange={(event) => setDraft(event.target.value)}
          className="tabular h-8 w-40 rounded-md border bg-surface px-2 placeholder:text-muted aria-invalid:border-bad"
        />
        <Button type="submit" aria-label="Save ports" disabled={!changed}>
          Save
        </Button>
        {value.length > 0 && (
          <Button look="quiet" aria-label="Clear ports" onClick={() => save([])}>
            Clear
          </Button>
        )}
      </div>
      {problem !== null && (
        <p id="kept-ports-problem" className="text-xs text-bad sm:text-right">
          {problem}
        </p>
      )}
    </form>
  );
}
