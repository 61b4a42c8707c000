import { TracePage } from '@/features/trace/trace-page.tsx';

export const metadata = { title: 'Trace' };

export default function TraceRoute() {
  return <TracePage />;
}
