import type { Cell } from '../cell.ts';
import { run } from '../sandbox/process.ts';
import { numberIn, programPlan } from './compared.ts';
import { startPostgresql } from './postgresql.ts';

const POINTS = [
  { transactions: 'select only', clients: 1 },
  { transactions: 'select only', clients: 8 },
  { transactions: 'TPC-B-like', clients: 8 },
];
const LONGER = 5;

export const pgbench: Cell = {
  name: 'pgbench',
  plan(options) {
    // pgbench counts in whole seconds.
    const seconds = Math.ceil(options.seconds * LONGER);
    return programPlan(
      {
        about: {
          name: 'pgbench',
          title: 'pgbench',
          method: `PostgreSQL over TCP, fsync off; ${options.rounds} rounds of ${seconds} s each.`,
          unit: 'transactions/s',
        },
        start: async (cgroup) => {
          const postgresql = await startPostgresql(cgroup);
          await run(postgresql.command('pgbench', '--initialize', '--quiet'));
          return postgresql;
        },
        points: POINTS.map(({ transactions, clients }) => ({
          labels: { transactions, clients },
          command: ({ command }) =>
            command(
              'pgbench',
              ...['--no-vacuum', `--client=${clients}`, `--time=${seconds}`],
              ...(transactions === 'select only' ? ['--select-only'] : []),
            ),
          read: readReport,
        })),
        secondsEach: seconds + 0.1,
      },
      options,
    );
  },
};

export function readReport(output: string) {
  return {
    value: numberIn(output, /^tps = ([\d.]+)/m),
    details: { 'mean latency in ms': numberIn(output, /^latency average = ([\d.]+) ms/m) },
  };
}
