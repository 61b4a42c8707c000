import type { TraceBatch, TraceLine } from '@sidestep/shared';
import { Argument } from 'commander';
import { type Daemon, withDaemon } from '../daemon.ts';
import { follow, interruption } from '../follow.ts';
import { note, print, printJson } from '../output.ts';
import { jsonLine } from '../plain.ts';
import { missing } from '../resume.ts';
import { type CommonOptions, verb } from '../verb.ts';

const HELD = 5000;

export const trace = verb('trace', 'print the raw trace_pipe lines of the programs, or switch them on or off')
  .addArgument(new Argument('[switch]', 'switches the lines').choices(['on', 'off']))
  .option('--follow', 'go on with new lines until Ctrl-C')
  .action(
    async (
      to: 'on' | 'off' | undefined,
      { stateDir, json, follow: isFollowing }: CommonOptions & { follow?: true },
    ) => {
      const show = (lines: readonly TraceLine[]) =>
        print(lines.map((line) => (json ? jsonLine(line) : line.text)));
      const interrupted = isFollowing ? interruption() : null;
      await withDaemon(stateDir, async (daemon) => {
        if (to !== undefined) return switchTo(daemon, to === 'on', json);
        const { on, why } = await daemon.trace.status.query();
        if (!on) note(why ?? 'Trace lines are off. Switch them on with ./sidestep trace on.');
        const { lines } = await daemon.trace.list.query({ limit: HELD });
        show(lines);
        if (interrupted) await goOn(daemon, lines.at(-1)?.seq ?? 0, show, interrupted);
      });
    },
  );

async function switchTo(daemon: Daemon, on: boolean, json: true | undefined): Promise<void> {
  const status = await daemon.trace.switch.mutate({ on });
  if (json) printJson(status);
  else print([status.on ? 'Trace lines are on.' : 'Trace lines are off.']);
}

async function goOn(
  daemon: Daemon,
  last: number,
  show: (lines: readonly TraceLine[]) => void,
  interrupted: Promise<void>,
): Promise<void> {
  const noteMissing = missing('lines', last);
  await follow<{ data: TraceBatch }>(
    interrupted,
    (listener) => daemon.trace.follow.subscribe({ lastEventId: String(last) }, listener),
    ({ data }) => {
      noteMissing(data);
      show(data.lines);
    },
  );
}
