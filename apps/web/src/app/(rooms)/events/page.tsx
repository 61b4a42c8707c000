import { Suspense } from 'react';
import { EventsPage } from '@/features/events/events-page.tsx';

export const metadata = { title: 'Events' };

export default function EventsRoute() {
  return (
    // What the page shows depends on its address, which the built page does not know.
    <Suspense>
      <EventsPage />
    </Suspense>
  );
}
