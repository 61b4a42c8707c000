import type { Status } from '@sidestep/shared';
import { withDaemon } from '../daemon.ts';
import { bytes, short, span } from '../numbers.ts';
import { print, printJson } from '../output.ts';
import { listOf } from '../table.ts';
import { type CommonOptions, verb } from '../verb.ts';

export const status = verb('status', 'show whether acceleration is on, and what it does').action(
  async ({ stateDir, json }: CommonOptions) => {
    const answer = await withDaemon(stateDir, (daemon) => daemon.acceleration.status.query());
    printStatus(answer, json);
  },
);

export function printStatus(status: Status, json: true | undefined): void {
  if (json) printJson(status);
  else print(linesOf(status, Date.now()));
}

/** `now` is in milliseconds since the Unix epoch. */
export function linesOf(status: Status, now: number): string[] {
  const { state, reason, since, connections, reasons, events } = status;
  const entries: [string, string][] = [['Acceleration', `${state} for ${span(now - Date.parse(since))}`]];
  if (reason !== null) entries.push(['', reason]);
  if (status.inspectOnly !== null)
    entries.push(['', status.inspectOnly], ['', 'sudo ./sidestep doctor says more.']);
  if (status.failure) entries.push(['', status.failure.remedy]);
  entries.push(['Connections', `${connections.bypassing} of ${connections.open} take the bypass`]);
  for (const { reason: why, connections: count } of reasons)
    entries.push(['', `${count} on the stack: ${why}`]);
  if (status.untracked > 0) entries.push(['', `${status.untracked} found the table full and use TCP`]);
  if (status.leftOut > 0) entries.push(['', `${status.leftOut} came in a crowd and were left out`]);
  entries.push(
    ['Bypass', `${bytes(status.bytes.bypass)} in ${short(status.messages.bypass)} messages`],
    ['Stack', `${bytes(status.bytes.stack)} in ${short(status.messages.stack)} messages`],
    ['Events', `${events.received} received, ${events.lost} lost`],
  );
  entries.push(['Cgroup', status.cgroup], ['Daemon', `process ${status.pid}, version ${status.version}`]);
  return listOf(entries);
}
