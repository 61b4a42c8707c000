import { join } from 'node:path';
import { BtfLayouts } from '@sidestep/libbpf';
import { EVENT_KINDS, MOST_PORT_RANGES, REASONS } from '@sidestep/shared';
import { expect, test } from 'vitest';

/** What `make -C bpf` compiled: C and TypeScript must say the same. */
const layouts = BtfLayouts.fromObject(join(import.meta.dirname, '../../../../bpf/build/sidestep.o'));

test('every reason has the code that the programs give it', () => {
  const inC = new Map(layouts.enum('ss_reason'));
  inC.delete('SS_REASON_NONE');
  // `refused by the kernel` is REFUSED_BY_KERNEL: articles are not worth a word in C.
  const inTypeScript = REASONS.map(({ words, code }): [string, number] => [
    `SS_REASON_${words
      .replace(/\b(the|a) /, '')
      .toUpperCase()
      .replaceAll(/[ -]/g, '_')}`,
    code,
  ]);
  expect(new Map(inTypeScript)).toEqual(inC);
});

test('every kind of event that the kernel sends has a name', () => {
  const kinds = [...layouts.enum('ss_event_kind').keys()].map((name) =>
    name.replace('SS_EVENT_', '').toLowerCase(),
  );
  expect(EVENT_KINDS).toEqual(expect.arrayContaining(kinds));
});

test('the settings take as many rules as the programs have room for', () => {
  expect(layouts.struct('ss_config').fields.get('kept')).toMatchObject({ length: MOST_PORT_RANGES });
});

/** A daemon takes over what another version has pinned before it upgrades it, and finds these by name: docs/decisions/upgrade.md. */
test.for([
  ['ss_wake', ['cookie', 'inode', 'pid', 'lent', 'lowat', 'keepalive']],
  ['ss_hold', ['connection', 'inode', 'end', 'unread', 'side', 'closed', 'locked']],
  ['ss_census', ['unsettled', 'candidates', 'errands', 'pressing', 'stack_messages', 'stack_bytes']],
  ['ss_event', ['at', 'kind', 'reason', 'connection']],
  ['ss_splicer', ['pid', 'comm']],
] as const)('daemons of other versions find in %s what they ask for', ([name, fields]) => {
  expect([...layouts.struct(name).fields.keys()]).toEqual(expect.arrayContaining([...fields]));
});
