import { CheckUpPage } from '@/features/check-up/check-up-page.tsx';

export const metadata = { title: 'Check-up' };

export default function CheckUpRoute() {
  return <CheckUpPage />;
}
