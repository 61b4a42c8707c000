import { type Traffic, until } from '@sidestep/bench';
import { expect } from 'vitest';
import { z } from 'zod';
import type { Scene } from './scene.ts';

/** What it says in that line; the first one is its address. */
export async function said<Words extends z.ZodType>(
  stall: Traffic<'stall'>,
  line: number,
  words: Words,
): Promise<z.infer<Words>> {
  const text = await until(`it says its line ${line}`, () => stall.process.lines[line]);
  return words.parse(JSON.parse(text));
}

/** Options of a sender that is held up, is lent something for it, and says nothing more when its reader is back. */
export const BORROWER = {
  'warm-ms': 0,
  hold: true,
  'receive-buffer': 65_536,
  after: 0,
  'until-given-back': 'all',
} as const;

/** What it has of its options when it is held up; `keepIdle` is 0 without a keepalive. */
const LENT = z.object({ linearTimeouts: z.number(), keepIdle: z.number() });

/** Until it is held up, and has what it is lent. */
export async function untilHeldUp({ daemon }: Scene, stall: Traffic<'stall'>): Promise<void> {
  await daemon.untilBypassing(await stall.port());
  expect(await holdUp(stall)).toMatchObject({ linearTimeouts: 1 });
}

/** On the bypass already. */
export async function holdUp(stall: Traffic<'stall'>): Promise<z.infer<typeof LENT>> {
  stall.process.kill('SIGUSR1');
  await said(stall, 1, z.object({ turns: z.number() }));
  stall.process.kill('SIGUSR1');
  return said(stall, 2, LENT);
}

/** Its reader is back and has read everything: from then on it sends no segment at which the programs in the kernel could take back by themselves what it was lent. */
export async function untilAllRead(stall: Traffic<'stall'>): Promise<void> {
  stall.process.kill('SIGUSR1');
  await said(stall, 3, z.object({ read: z.number() }));
}
