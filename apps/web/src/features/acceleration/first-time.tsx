import { Button } from '@/ui/button.tsx';
import { Notice } from '@/ui/notice.tsx';

/** Shown once per browser, before acceleration is turned on for the first time. */
export function FirstTime({ onTurnOn, onCancel }: { onTurnOn: () => void; onCancel: () => void }) {
  return (
    <Notice tone="info" className="appear">
      <p>tcpdump and netfilter will not see data that takes the bypass; Sidestep’s own counters do.</p>
      <p>Programs keep running as they are, and turning it off again loses nothing.</p>
      <div className="mt-2 flex gap-2">
        <Button look="primary" onClick={onTurnOn} autoFocus>
          Turn on
        </Button>
        <Button onClick={onCancel}>Not now</Button>
      </div>
    </Notice>
  );
}
