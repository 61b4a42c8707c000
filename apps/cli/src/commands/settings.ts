import {
  type PortRange,
  parsePorts,
  portsInWords,
  type Settings,
  type SettingsPatch,
} from '@sidestep/shared';
import { InvalidArgumentError, Option } from 'commander';
import { withDaemon } from '../daemon.ts';
import { print, printJson } from '../output.ts';
import { listOf } from '../table.ts';
import { type CommonOptions, verb } from '../verb.ts';

interface SettingsOptions extends CommonOptions {
  readonly allowBlockingReaders?: 'on' | 'off';
  readonly queueCap?: number;
  readonly keepOnStack?: PortRange[];
}

export const settings = verb('settings', 'show the settings, or change them')
  .addOption(
    new Option('--allow-blocking-readers <on|off>', 'accelerate connections whose reader blocks').choices([
      'on',
      'off',
    ]),
  )
  .option('--queue-cap <bytes>', 'most bytes that may wait for one receiver', wholeNumber)
  .option(
    '--keep-on-stack <ports>',
    'server ports whose connections stay on the stack, such as 5432,6000-6010, or none',
    ports,
  )
  .action(async ({ stateDir, json, allowBlockingReaders, queueCap, keepOnStack }: SettingsOptions) => {
    const patch: SettingsPatch = {
      ...(allowBlockingReaders !== undefined && { allowBlockingReaders: allowBlockingReaders === 'on' }),
      ...(queueCap !== undefined && { queueCap }),
      ...(keepOnStack !== undefined && { keepOnStack }),
    };
    const isChange = Object.keys(patch).length > 0;
    const answer = await withDaemon(stateDir, ({ settings }) =>
      isChange ? settings.update.mutate(patch) : settings.get.query(),
    );
    if (json) printJson(answer);
    else print(linesOf(answer));
  });

function linesOf({ allowBlockingReaders, queueCap, keepOnStack }: Settings): string[] {
  return listOf([
    ['Allow blocking readers', allowBlockingReaders ? 'on' : 'off'],
    ['Queue cap', `${queueCap} bytes`],
    ['Keep on the stack', keepOnStack.length > 0 ? `ports ${portsInWords(keepOnStack)}` : 'none'],
  ]);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It takes a whole number of bytes.');
  return Number(text);
}

function ports(text: string): PortRange[] {
  const parsed = parsePorts(text);
  if ('problem' in parsed) throw new InvalidArgumentError(parsed.problem);
  return parsed.ranges;
}
