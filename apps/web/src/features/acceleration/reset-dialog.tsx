import { type ReactNode, useId, useState } from 'react';
import { plural } from '@/lib/number.ts';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';

interface ResetDialogProps {
  /** How many connections it is about; null keeps it closed. */
  count: number | null;
  /** Nobody would hear it now. */
  disabled: boolean;
  onCancel: () => void;
  onReset: () => void;
  /** Which they are. */
  children: ReactNode;
}

/** Asks for what cannot be taken back: somebody has to type how many connections it will end. */
export function ResetDialog({ count, disabled, onCancel, onReset, children }: ResetDialogProps) {
  return (
    <Dialog
      open={count !== null}
      onOpenChange={(open) => !open && onCancel()}
      title={`Reset ${plural(count ?? 0, 'connection')}?`}
    >
      {count !== null && (
        <>
          <p>
            Both programs see the error “connection reset”, and what they have not read is gone. Acceleration
            is off then. Other connections go on.
          </p>
          {children}
          <Confirmation words={`reset ${count}`} disabled={disabled} onCancel={onCancel} onConfirm={onReset}>
            Reset {plural(count, 'connection')}
          </Confirmation>
        </>
      )}
    </Dialog>
  );
}

interface ConfirmationProps {
  /** What has to be typed. */
  words: string;
  disabled: boolean;
  onCancel: () => void;
  onConfirm: () => void;
  children: ReactNode;
}

function Confirmation({ words, disabled, onCancel, onConfirm, children }: ConfirmationProps) {
  const id = useId();
  const [typed, setTyped] = useState('');
  const confirmed = !disabled && typed.trim().toLowerCase() === words;
  return (
    <form
      className="mt-4 flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (confirmed) onConfirm();
      }}
    >
      <label htmlFor={id}>
        Type <span className="font-mono font-medium">{words}</span> to go on
      </label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="h-8 rounded-md border bg-surface px-2 font-mono"
      />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="danger" disabled={!confirmed}>
          {children}
        </Button>
        <Button onClick={onCancel}>Go on waiting</Button>
      </div>
    </form>
  );
}
