import { Overview } from '@/features/acceleration/overview.tsx';

export default function OverviewRoute() {
  return <Overview />;
}
