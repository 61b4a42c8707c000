/**
 * Pictures of the states that a busy host does not show: empty, loading, failed, held up, without the daemon, at two widths in both themes.
 * `node e2e/support/states.ts FOLDER [PART OF A NAME]`.
 */
import { mkdirSync } from 'node:fs';
import { chromium, type Page } from '@playwright/test';
import { Traffic, trafficPath } from '@sidestep/bench';
import { LAUNCH } from './browser.ts';
import { makeBusy } from './busy-host.ts';
import { executableAt } from './executable-at.ts';
import { FINE, ON_TCP, REFUSED, UNKNOWN, WORKED_ROUND } from './made-checks.ts';
import { makeConnection } from './made-connections.ts';
import { StandIn } from './stand-in.ts';

const [folder, part = ''] = process.argv.slice(2);
if (!folder) throw new Error('Name a folder for the pictures.');

interface State {
  /** Where the page is, when it is not the overview. */
  room?: string;
  /** Before the daemon starts. */
  before?: (standIn: StandIn) => void;
  /** With the page signed in. */
  host?: (standIn: StandIn, page: Page) => unknown;
  /** With the room open. */
  page?: (page: Page, standIn: StandIn) => Promise<unknown>;
  /** Words that are to be in sight in each picture. */
  shows?: string;
}

const never = () => new Promise<never>(() => {});
const on = ({ services }: StandIn) => services.acceleration.enable();
const busy = async (standIn: StandIn) => {
  await on(standIn);
  makeBusy(standIn);
};
const checked = (checks: StandIn['checks']) => async (standIn: StandIn) => {
  standIn.checks = checks;
  await standIn.services.checkUp.run();
};
const turn = (page: Page) => page.getByRole('switch', { name: 'Acceleration' }).click();

/** A server that has not read what seven clients sent. */
async function hold(standIn: StandIn, page: Page): Promise<void> {
  await on(standIn);
  await page.getByText(/^on since/).waitFor();
  const server = { side: 'server', address: '127.0.0.1', port: 9200, pid: 812, comm: 'indexer' } as const;
  const client = { side: 'client', address: '127.0.0.1', pid: 2214, comm: 'node', unread: 0 } as const;
  standIn.dataPlane.remaining = 14;
  standIn.dataPlane.holding = Array.from({ length: 7 }, (_, index) => ({
    id: String(index),
    ends: [
      { ...server, unread: 64_000 * (index + 1) },
      { ...client, port: 40_000 + index },
    ],
  }));
  await turn(page);
}

const STATES: Record<string, State> = {
  off: {},
  'first-time': { page: turn },
  failed: {
    host: ({ dataPlane }) =>
      dataPlane.fail(
        'The kernel refused the program.',
        'Update to Linux 6.1 or newer.',
        'R1 invalid mem access',
      ),
    page: async (page) => {
      await turn(page);
      await page.getByRole('button', { name: 'Turn on' }).click();
    },
  },
  quiet: { host: on },
  held: { host: hold },
  refused: { host: checked([...FINE, REFUSED]) },
  lost: { host: busy, page: (_, standIn) => standIn.stop() },
  menu: { page: (page) => page.getByRole('button', { name: 'You', exact: true }).click() },
  keys: { page: (page) => page.keyboard.press('?') },
  'key-missing': {
    page: async (page) => {
      await page.evaluate(() => localStorage.removeItem('sidestep.key'));
      await page.reload();
      await page.getByText('please sign in once more').waitFor();
    },
  },
  help: { room: 'help' },
  'help-reasons': {
    room: 'help',
    shows: 'unreadable program',
  },
  'connections-empty': { room: 'connections', host: on },
  'connections-none-match': {
    room: 'connections?q=nothing',
    host: (standIn) => {
      standIn.dataPlane.open = [makeConnection()];
      return on(standIn);
    },
  },
  'connections-reasons': { room: 'connections?q=path:stack', host: busy },
  'connections-lost': { room: 'connections', host: busy, page: (_, standIn) => standIn.stop() },
  'events-off': { room: 'events' },
  'events-none-match': { room: 'events?kinds=upgraded', host: on },
  'events-loading': {
    room: 'events',
    before: (standIn) => {
      standIn.overrides.events = {
        list: never,
        follow: () => standIn.services.events.follow({}, null, AbortSignal.abort()),
      };
    },
  },
  'trace-off': { room: 'trace' },
  settings: { room: 'settings', host: on },
  'settings-splicers': {
    room: 'settings',
    host: async (standIn) => {
      await on(standIn);
      // Ends by itself, after the pictures.
      const proxy = new Traffic('splicer-linked', { read: true, turns: 20_000 });
      standIn.dataPlane.wanting = [{ ...executableAt(trafficPath('splicer-linked')), pid: proxy.pid }];
      standIn.dataPlane.splicing = [
        { ...executableAt(process.execPath), pid: process.pid, comm: 'node' },
        { device: 1n, inode: 1n, version: 1n, pid: 0, comm: 'docker-proxy' },
      ];
      const served = new Traffic('exchange', { 'pause-ms': 10, seconds: 20 });
      standIn.dataPlane.wanting.push({
        ...executableAt(trafficPath('exchange')),
        device: 4095n,
        pid: served.pid,
      });
    },
    shows: 'could splice',
  },
  'settings-loading': {
    room: 'settings',
    before: (standIn) => {
      standIn.overrides.settings = { get: never, update: never };
    },
  },
  'check-up-loading': {
    room: 'check-up',
    before: (standIn) => {
      standIn.overrides.checkUp = {
        state: () => standIn.services.checkUp.state(),
        run: never,
        async *watch() {
          yield await never();
        },
      };
    },
  },
  'check-up-mixed': {
    room: 'check-up',
    host: checked([...FINE, WORKED_ROUND, ON_TCP, UNKNOWN]),
    page: (page) => page.locator('summary').first().click(),
  },
  'check-up-refused': { room: 'check-up', host: checked([...FINE, REFUSED]) },
};

const HEIGHTS = { 1440: 900, 390: 844 };
const SETTLE_MS = 1500;
const DRAW_MS = 500;

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch(LAUNCH);
for (const [name, state] of Object.entries(STATES)) {
  if (name.includes(part)) await take(name, state);
}
await browser.close();
// The busy hosts go on for ever.
process.exit();

async function take(name: string, { room, before, host, page: act, shows }: State): Promise<void> {
  await using standIn = await StandIn.start(before);
  await using page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(standIn.signInLink());
  await page.getByRole('switch', { name: 'Acceleration' }).waitFor();
  await host?.(standIn, page);
  if (room) await page.goto(`${standIn.url}/${room}`);
  await page.waitForTimeout(SETTLE_MS);
  await act?.(page, standIn);
  await page.waitForTimeout(SETTLE_MS);
  for (const [width, height] of Object.entries(HEIGHTS)) {
    await page.setViewportSize({ width: Number(width), height });
    for (const theme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme: theme });
      if (shows) await page.getByText(shows).first().scrollIntoViewIfNeeded();
      await page.waitForTimeout(DRAW_MS);
      await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png` });
    }
  }
}
