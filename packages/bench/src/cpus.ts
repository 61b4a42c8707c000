import { cpus } from 'node:os';

/** Both ends on one CPU, or each on its own. */
export const PLACES = ['same', 'different'] as const;
export type Cpus = (typeof PLACES)[number];

/** The last one: interrupts tend to go to the first. */
const OWN = cpus().length - 1;
const OTHER = OWN === 0 ? null : OWN - 1;

/** The places that this machine has. */
export function placesHere(wanted: readonly Cpus[]): Cpus[] {
  return wanted.filter((place) => place === 'same' || OTHER !== null);
}

/** The CPU of the end that sends first and that of its peer. */
export function cpusOf(place: Cpus): { readonly own: number; readonly peer: number } {
  return { own: OWN, peer: place === 'different' && OTHER !== null ? OTHER : OWN };
}
