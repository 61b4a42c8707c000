'use client';

import { CircleUserRound, Keyboard, LogOut } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { ROOMS } from '@/features/navigation/rooms.ts';
import { leave } from '@/lib/link.ts';
import { Button } from '@/ui/button.tsx';
import { Menu, MenuItem, MenuLine } from '@/ui/menu.tsx';

export function AccountMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const router = useRouter();
  return (
    <Menu
      trigger={
        <Button look="quiet" size="icon" aria-label="You">
          <CircleUserRound />
        </Button>
      }
    >
      {ROOMS.filter(({ inMenu }) => inMenu).map(({ href, words, icon: Icon }) => (
        <MenuItem key={href} onSelect={() => router.push(href)}>
          <Icon aria-hidden="true" /> {words}
        </MenuItem>
      ))}
      <MenuItem onSelect={onShortcuts}>
        <Keyboard aria-hidden="true" /> Keyboard shortcuts
      </MenuItem>
      <MenuLine />
      <MenuItem onSelect={leave}>
        <LogOut aria-hidden="true" /> Sign out
      </MenuItem>
    </Menu>
  );
}
