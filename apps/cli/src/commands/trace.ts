import { jsonLine, type TraceBatch, type TraceLine } from '@sidestep/shared';
import { Argument } from 'commander';
import { type Daemon, withDaemon } from '../daemon.ts';
import { follow } from '../follow.ts';
import { note, print, printJson } from '../output.ts';
import { type CommonOptions, verb } from '../verb.ts';

const HELD = 5000;

export const trace = verb('trace', 'print the raw trace_pipe lines of the programs, or switch them on or off')
  .addArgument(new Argument('[switch]', 'switches the lines').choices(['on', 'off']))
  .option('--follow', 'go on with new lines until Ctrl-C, over restarts of the daemon')
  .action(
    async (
      to: 'on' | 'off' | undefined,
      { stateDir, json, follow: isFollowing }: CommonOptions & { follow?: true },
    ) => {
      const show = (lines: readonly TraceLine[]) =>
        print(lines.map((line) => (json ? jsonLine(line) : line.text)));
      if (to === undefined && isFollowing) return goOn(stateDir, show);
      await withDaemon(stateDir, async (daemon) => {
        if (to === undefined) await printHeld(daemon, show);
        else await switchTo(daemon, to === 'on', json);
      });
    },
  );

/** Answers with the number of the last one. */
async function printHeld(daemon: Daemon, show: (lines: readonly TraceLine[]) => void): Promise<number> {
  await noteOff(daemon);
  const { lines } = await daemon.trace.list.query({ limit: HELD });
  show(lines);
  return lines.at(-1)?.seq ?? 0;
}

async function noteOff(daemon: Daemon): Promise<void> {
  const { on, why } = await daemon.trace.status.query();
  if (!on) note(why ?? 'Trace lines are off. Switch them on with ./sidestep trace on.');
}

async function switchTo(daemon: Daemon, on: boolean, json: true | undefined): Promise<void> {
  const status = await daemon.trace.switch.mutate({ on });
  if (json) printJson(status);
  else print([status.on ? 'Trace lines are on.' : 'Trace lines are off.']);
}

function goOn(stateDir: string, show: (lines: readonly TraceLine[]) => void): Promise<void> {
  return follow<TraceBatch>(stateDir, {
    thing: 'line',
    arrive: async (daemon, last) => {
      if (last === null) return printHeld(daemon, show);
      // A daemon that was started again has forgotten that they were on.
      await noteOff(daemon);
      return last;
    },
    subscribe: (daemon, lastEventId, listener) => daemon.trace.follow.subscribe({ lastEventId }, listener),
    show: (batch) => show(batch.lines),
  });
}
