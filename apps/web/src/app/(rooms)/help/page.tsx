import { HelpPage } from '@/features/help/help-page.tsx';

export const metadata = { title: 'Help' };

export default function HelpRoute() {
  return <HelpPage />;
}
