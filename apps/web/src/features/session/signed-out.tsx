import { tryNow, useLink } from '@/lib/link.ts';
import { Button } from '@/ui/button.tsx';
import { Command } from '@/ui/empty.tsx';
import { Logo } from '@/ui/logo.tsx';

/** Prints a fresh link on the host. */
export const LINK_COMMAND = 'sudo ./sidestep sign-in-link';

/** The whole page for somebody who is not signed in: nothing of the host is shown. */
export function SignedOut() {
  const link = useLink();
  const keyMissing = link.phase === 'signed-out' && link.keyMissing;
  if (link.phase === 'signed-out' && link.leaving) return <Leaving />;
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 px-6">
      <Logo size={40} />
      <h1 className="text-xl font-semibold">You are not signed in</h1>
      {keyMissing && (
        <p>
          This browser has signed in, but at another address, with an earlier version, or before its storage
          was cleared. For your safety that lets nobody in here: please sign in once more.
        </p>
      )}
      <p className="text-muted">
        Sidestep shows which programs on this host talk to each other, so it asks who is looking. On the host,
        run
      </p>
      <p>
        <Command>{LINK_COMMAND}</Command>
      </p>
      <p className="text-muted">and open the link that it prints. It works once, in one browser.</p>
      <Button className="self-start" onClick={tryNow}>
        I have signed in
      </Button>
    </main>
  );
}

/** Signed out here, and the daemon does not know yet. */
function Leaving() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 px-6">
      <Logo size={40} />
      <h1 className="text-xl font-semibold">You are signed out in this browser</h1>
      <p>
        The daemon does not answer: its half of your sign-in is still open, and opens nothing without the key
        that this browser has forgotten.
      </p>
      <p className="text-muted">
        Leave this page open, and that half is closed as soon as the daemon is back.
      </p>
    </main>
  );
}
