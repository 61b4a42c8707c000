import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { connection } from '../../server/test/support/connection.ts';
import { readAll } from '../src/commands/connections.ts';

const COUNT = 8000;
const stays = ({ id }: Connection) => Number(id) % 2 === 1;

/** A daemon with connections of which the oldest that do not stay close after each page that was read. */
function daemonWhere(closing: number): Parameters<typeof readAll>[0] {
  let open: Connection[] = Array.from({ length: COUNT }, (_, index) => connection({ id: String(index) }));
  return async ({ offset = 0, limit = 0 }) => {
    const rows = open.slice(offset, offset + limit);
    const closed = new Set(open.filter((one) => !stays(one)).slice(0, closing));
    open = open.filter((one) => !closed.has(one));
    return { rows };
  };
}

test.for([0, 150, 900, 1500])(
  'every connection that stays is read, while %i close for each page',
  async (closing) => {
    const rows = await readAll(daemonWhere(closing), false);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.filter(stays)).toHaveLength(COUNT / 2);
  },
);
