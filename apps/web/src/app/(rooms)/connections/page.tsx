import { Suspense } from 'react';
import { ConnectionsPage } from '@/features/connections/connections-page.tsx';

export const metadata = { title: 'Connections' };

export default function ConnectionsRoute() {
  return (
    // What the page shows depends on its address, which the built page does not know.
    <Suspense>
      <ConnectionsPage />
    </Suspense>
  );
}
