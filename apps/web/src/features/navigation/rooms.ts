import {
  Activity,
  Cable,
  CircleQuestionMark,
  Gauge,
  type LucideIcon,
  ScrollText,
  Settings,
  Stethoscope,
} from 'lucide-react';

export interface Room {
  readonly href: string;
  readonly words: string;
  readonly icon: LucideIcon;
  /** After `g`. */
  readonly key: string;
  /** Phones have room for five in their bar; the others are in the menu. */
  readonly inMenu?: boolean;
}

/** The rooms of the page, in the order of the rail. */
export const ROOMS: readonly Room[] = [
  { href: '/', words: 'Overview', icon: Gauge, key: 'o' },
  { href: '/connections', words: 'Connections', icon: Cable, key: 'c' },
  { href: '/events', words: 'Events', icon: Activity, key: 'e' },
  { href: '/trace', words: 'Trace', icon: ScrollText, key: 't' },
  { href: '/check-up', words: 'Check-up', icon: Stethoscope, key: 'k', inMenu: true },
  { href: '/settings', words: 'Settings', icon: Settings, key: 's' },
  { href: '/help', words: 'Help', icon: CircleQuestionMark, key: 'h', inMenu: true },
];
