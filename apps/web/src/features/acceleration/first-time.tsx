import { Button } from '@/ui/button.tsx';
import { Notice } from '@/ui/notice.tsx';

/** Shown once per browser, before acceleration is turned on for the first time. */
export function FirstTime(props: { disabled: boolean; onTurnOn: () => void; onCancel: () => void }) {
  const { disabled, onTurnOn, onCancel } = props;
  return (
    <Notice tone="info" className="appear">
      <p>tcpdump and netfilter will not see data on the bypass.</p>
      <p>Programs notice nothing, and turning it off loses nothing.</p>
      <div className="mt-2 flex gap-2">
        <Button look="primary" disabled={disabled} onClick={onTurnOn} autoFocus>
          Turn on
        </Button>
        <Button onClick={onCancel}>Not now</Button>
      </div>
    </Notice>
  );
}
