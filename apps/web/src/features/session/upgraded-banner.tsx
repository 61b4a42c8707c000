'use client';

import { RefreshCw } from 'lucide-react';
import { Button } from '@/ui/button.tsx';

/** Says that the daemon is of another version than this page, which was opened before. */
export function UpgradedBanner({ version }: { version: string | undefined }) {
  if (version === undefined || version === process.env.PAGE_VERSION) return null;
  return (
    <div
      role="status"
      className="appear flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-b bg-warn-wash px-4 py-2 sm:px-6"
    >
      <RefreshCw className="hidden size-4 shrink-0 text-warn sm:block" aria-hidden="true" />
      <p className="min-w-0 flex-1 basis-72">
        <span className="font-medium">Sidestep was upgraded to {version}.</span> This page is of{' '}
        {process.env.PAGE_VERSION}, and may not understand all that the daemon says.
      </p>
      <Button onClick={() => location.reload()}>Reload</Button>
    </div>
  );
}
