'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { type Refusal, readSession, signIn } from '@/lib/session.ts';
import { Button } from '@/ui/button.tsx';
import { Logo } from '@/ui/logo.tsx';
import { LINK_COMMAND } from './signed-out.tsx';

const NO_CODE: Refusal = {
  message: 'This address carries no code.',
  remedy: `Open the whole link that the daemon printed, or run ${LINK_COMMAND} on the host for a fresh one.`,
};

/** Takes the one-time code out of the address before anything else can see it, and exchanges it for the cookie and the page's key. */
export function SignIn() {
  const router = useRouter();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [signedIn, setSignedIn] = useState(false);
  const used = useRef(false);

  useEffect(() => {
    // The code works once, and development renders twice.
    if (used.current) return;
    used.current = true;
    const code = location.hash.slice(1);
    history.replaceState(null, '', location.pathname);
    void (async () => {
      const refused = code === '' ? NO_CODE : await signIn(code);
      if (refused === null) return router.replace('/');
      setSignedIn((await readSession())?.signedIn ?? false);
      setRefusal(refused);
    })();
  }, [router]);

  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 px-6">
      <Logo size={40} />
      {refusal === null ? (
        <h1 className="text-xl font-semibold">Signing in …</h1>
      ) : (
        <div role="alert" className="flex flex-col gap-4">
          <h1 className="text-xl font-semibold">{refusal.message}</h1>
          <p>{refusal.remedy}</p>
          {signedIn && (
            <>
              <p className="text-muted">This browser is already signed in.</p>
              <Button look="primary" className="self-start" onClick={() => router.replace('/')}>
                Go to the overview
              </Button>
            </>
          )}
        </div>
      )}
    </main>
  );
}
