'use client';

import { Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/empty.tsx';

/** Stands in for a room that could not be drawn; the bar and the switch stay. */
export default function RoomError({ error }: { error: Error }) {
  return (
    <div role="alert" className="m-auto">
      <Empty title="This room could not be drawn">
        <p>Acceleration is not affected. The page may be older than the daemon: load it anew.</p>
        <p className="mt-2 font-mono text-xs break-words">{error.message}</p>
        <Button className="mt-4" onClick={() => location.reload()}>
          Reload
        </Button>
      </Empty>
    </div>
  );
}
