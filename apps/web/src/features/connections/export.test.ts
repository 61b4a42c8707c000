import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { toCsv } from './export.ts';

const direction = (path: 'bypass' | 'stack', bytes: number) => ({
  path,
  reason: path === 'stack' ? ('streaming' as const) : null,
  bytes: { bypass: bytes, stack: 1 },
  messages: { bypass: 2, stack: 3 },
  rate: { bytes: 0, messages: 0 },
});
const end = (comm: string, port: number) => ({ address: '::1', port, netns: '1', cgroup: '1', pid: 7, comm });
const connection = (comm: string): Connection => ({
  id: '42',
  open: true,
  openedAt: '2026-01-01T00:00:00.000Z',
  closedAt: null,
  client: end(comm, 5000),
  server: end('redis-server', 6379),
  clientToServer: direction('stack', 10),
  serverToClient: direction('bypass', 20),
});

test('a line for each connection under a line of names', () => {
  expect(toCsv([connection('api')])).toBe(
    [
      'id,opened_at,closed_at,client_process,client_pid,client_address,client_port,server_process,server_pid,server_address,server_port,client_to_server_path,server_to_client_path,reason,messages,bytes',
      '"42","2026-01-01T00:00:00.000Z",,"api",7,"::1",5000,"redis-server",7,"::1",6379,"stack","bypass","streaming",10,32',
      '',
    ].join('\r\n'),
  );
});

test('names cannot break out of their cell or become a formula', () => {
  expect(toCsv([connection('a,"b"')])).toContain(',"a,""b""",7,');
  expect(toCsv([connection('=1+1')])).toContain(`,"'=1+1",7,`);
  // Where the comma is the decimal sign, spreadsheets part cells at semicolons, but not within quotes.
  expect(toCsv([connection('a;=1+1')])).toContain(',"a;=1+1",7,');
  expect(toCsv([])).toMatch(/^id,.*bytes\r\n$/);
});
