import { PATIENCE } from '@sidestep/bench';
import { fionreadCountsRedirected } from '../kernel/support/kernel-facts.ts';
import type { Options } from './options.ts';
import { HABITS, type Habit } from './places.ts';
import type { Outcome } from './run.ts';

/** The figures of a run, line by line. */
export function figures({ seconds, results, tally, disturbances }: Outcome): string[] {
  if (results.length === 0) return [];
  const sum = (pick: (result: Outcome['results'][number]['result']) => number) =>
    results.reduce((total, { result }) => total + pick(result), 0);
  const [slowest] = [...results].sort((one, other) => other.result.longestGapMs - one.result.longestGapMs);
  const lines = [
    `${gigabytes(sum(({ bytes }) => bytes))} and ${count(sum(({ connections }) => connections))} connections in ${seconds.toFixed(0)} s, every byte checked`,
    `${count(sum(({ cut }) => cut))} connections were broken off as planned, ${count(sum(({ kills }) => kills))} processes killed`,
    `longest wait for bytes that were sent: ${slowest?.result.longestGapMs.toFixed(0)} ms (${slowest?.group.name})`,
  ];
  if (disturbances) lines.push(...ofSidestep(results, tally, disturbances));
  const odd = sum(({ oddAgain }) => oddAgain);
  if (odd > 0) lines.push(`EAGAIN from sockets that began to block in mid-life: ${count(odd)}`);
  return lines;
}

function ofSidestep(
  results: Outcome['results'],
  tally: Outcome['tally'],
  { enabled, disabled, caps, rules, kills, listings }: NonNullable<Outcome['disturbances']>,
): string[] {
  const leaves = [...tally.leaves].sort(([, one], [, other]) => other - one);
  return [
    `${enabled} times switched on, ${disabled} off, ${kills} daemons killed, ${caps} changes of the cap, ${rules} of the rules, ${listings} listings`,
    'as the daemon counted, while it was there:',
    ...results.map(({ group }) => {
      const { joins, bypassed, stack } = tally.of(group.port);
      const byPath = `bypass ${gigabytes(bypassed.bytes)} in ${count(bypassed.messages)} messages, stack ${gigabytes(stack.bytes)}`;
      return `  ${group.name.padEnd(40)} ${byPath}, ${count(joins)} joins`;
    }),
    `  left the bypass: ${leaves.map(([reason, times]) => `${reason} ${count(times)}`).join(', ')}`,
    ...(tally.missed > 0
      ? [`  ${count(tally.missed)} events were not read in time and are not counted`]
      : []),
  ];
}

/** From then on all of it has happened, wherever the dice fell. */
const LONG_ENOUGH_S = 100;

/** What was to disturb a run of the usual length, and did not. */
export function undisturbed({ seconds, results, disturbances }: Outcome): string[] {
  if (!disturbances || seconds < LONG_ENOUGH_S * PATIENCE) return [];
  const killed = results.filter(({ group }) => group.habit === 'kill');
  return [
    ...Object.entries(disturbances)
      .filter(([, times]) => times === 0)
      .map(([what]) => `Nothing was tried of what counts as "${what}".`),
    ...killed
      .filter(({ result }) => result.kills === 0)
      .map(({ group }) => `${group.name}: no process was killed.`),
  ];
}

/** Each place must have used what it is there to try; processes that splice stay on the stack once one has, and on some kernels those that ask FIONREAD. */
export function unused({ results, tally, disturbances }: Outcome): string[] {
  if (!disturbances) return [];
  const joining: readonly Habit[] = HABITS.filter(
    (habit) => habit !== 'splice' && (habit !== 'ask' || fionreadCountsRedirected()),
  );
  return results
    .filter(({ group }) => joining.includes(group.habit))
    .filter(({ group }) => tally.of(group.port).joins === 0 || tally.of(group.port).bypassed.bytes === 0)
    .map(({ group }) => `${group.name}: no byte took the bypass, so nothing was tried there.`);
}

/** What runs the same again. */
export function replay({ seconds, seed, plain }: Options): string {
  return `sudo ./sidestep test --torture ${seconds}s --seed ${seed}${plain ? ' --plain' : ''}`;
}

function gigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}
