import type { Settings, SettingsPatch } from '@sidestep/shared';
import { InvalidArgumentError, Option } from 'commander';
import { withDaemon } from '../daemon.ts';
import { print, printJson } from '../output.ts';
import { listOf } from '../table.ts';
import { type CommonOptions, verb } from '../verb.ts';

interface SettingsOptions extends CommonOptions {
  readonly allowBlockingReaders?: 'on' | 'off';
  readonly queueCap?: number;
}

export const settings = verb('settings', 'show the settings, or change them')
  .addOption(
    new Option('--allow-blocking-readers <on|off>', 'accelerate connections whose reader blocks').choices([
      'on',
      'off',
    ]),
  )
  .option('--queue-cap <bytes>', 'most bytes that may wait for one receiver', wholeNumber)
  .action(async ({ stateDir, json, allowBlockingReaders, queueCap }: SettingsOptions) => {
    const patch: SettingsPatch = {
      ...(allowBlockingReaders !== undefined && { allowBlockingReaders: allowBlockingReaders === 'on' }),
      ...(queueCap !== undefined && { queueCap }),
    };
    const isChange = Object.keys(patch).length > 0;
    const answer = await withDaemon(stateDir, ({ settings }) =>
      isChange ? settings.update.mutate(patch) : settings.get.query(),
    );
    if (json) printJson(answer);
    else print(linesOf(answer));
  });

function linesOf({ allowBlockingReaders, queueCap }: Settings): string[] {
  return listOf([
    ['Allow blocking readers', allowBlockingReaders ? 'on' : 'off'],
    ['Queue cap', `${queueCap} bytes`],
  ]);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It takes a whole number of bytes.');
  return Number(text);
}
