import { Pause, Play } from 'lucide-react';
import { Button } from './button.tsx';

/** Holds what is shown still, and lets it go on. On phones the sign alone has to do. */
export function PauseButton({ paused, onPause }: { paused: boolean; onPause: () => void }) {
  return (
    <Button onClick={onPause} aria-pressed={paused} title="p" className="max-sm:w-8 max-sm:px-0">
      {paused ? <Play /> : <Pause />}
      <span className="max-sm:sr-only">{paused ? 'Resume' : 'Pause'}</span>
    </Button>
  );
}
