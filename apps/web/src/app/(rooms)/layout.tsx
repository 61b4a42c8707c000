import type { ReactNode } from 'react';
import { Shell } from '@/features/navigation/shell.tsx';

export default function RoomsLayout({ children }: { children: ReactNode }) {
  return <Shell>{children}</Shell>;
}
