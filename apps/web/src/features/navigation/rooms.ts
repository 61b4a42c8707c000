import {
  Activity,
  Cable,
  CircleQuestionMark,
  Gauge,
  type LucideIcon,
  ScrollText,
  Settings,
} from 'lucide-react';

export interface Room {
  readonly href: string;
  readonly words: string;
  readonly icon: LucideIcon;
  /** After `g`. */
  readonly key: string;
}

/** The rooms of the page, in the order of the rail. */
export const ROOMS: readonly Room[] = [
  { href: '/', words: 'Overview', icon: Gauge, key: 'o' },
  { href: '/connections', words: 'Connections', icon: Cable, key: 'c' },
  { href: '/events', words: 'Events', icon: Activity, key: 'e' },
  { href: '/trace', words: 'Trace', icon: ScrollText, key: 't' },
  { href: '/settings', words: 'Settings', icon: Settings, key: 's' },
  { href: '/help', words: 'Help', icon: CircleQuestionMark, key: 'h' },
];
