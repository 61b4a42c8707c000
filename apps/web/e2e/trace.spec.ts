import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test } from './support/signed-in.ts';

const log = (page: Page) => page.getByRole('log');
const lines = Array.from(
  { length: 200 },
  (_, index) => `redis-${index} [000] bpf_trace_printk: sidestep: paired ${index}`,
);

test('the switch turns the kernel’s lines on, and they arrive raw', async ({ signedIn: page, standIn }) => {
  await page.goto(`${standIn.url}/trace`);
  await expect(page.getByText('Kernel lines are switched off')).toBeVisible();
  await page.getByRole('switch', { name: 'Kernel lines' }).click();
  await expect(page.getByRole('switch', { name: 'Kernel lines' })).toBeChecked();
  expect(standIn.trace.on).toBe(true);
  standIn.trace.write('<idle>-0  [001] ..s1  12.5: bpf_trace_printk: <b>raw</b>');
  await expect(log(page)).toContainText('<idle>-0  [001] ..s1  12.5: bpf_trace_printk: <b>raw</b>');
  await page.getByRole('switch', { name: 'Kernel lines' }).click();
  await expect(page.getByRole('switch', { name: 'Kernel lines' })).not.toBeChecked();
  expect(standIn.trace.on).toBe(false);
});

test('what is searched for is counted, marked and walked through', async ({ signedIn: page, standIn }) => {
  standIn.trace.write(...lines);
  await page.goto(`${standIn.url}/trace`);
  await expect(log(page)).toContainText('redis-199');
  await page.keyboard.press('/');
  await page.keyboard.type('Redis-1');
  await expect(page.getByRole('status')).toHaveText('111');
  await expect(log(page).locator('mark').first()).toHaveText('redis-1');
  await page.keyboard.type('2 ');
  await expect(page.getByRole('status')).toHaveText('1');
  await page.keyboard.press('Enter');
  await expect(log(page).getByText('sidestep: paired 12', { exact: false })).toBeInViewport();
  await expect(page.getByRole('status')).toHaveText('1 of 1');
});

test('paused it stands still while lines go on arriving', async ({ signedIn: page, standIn }) => {
  standIn.trace.write('one');
  await page.goto(`${standIn.url}/trace`);
  await expect(log(page)).toContainText('one');
  await page.getByRole('button', { name: 'Pause' }).click();
  standIn.trace.write('two', 'three');
  await expect(page.getByRole('button', { name: '2 new' })).toBeVisible();
  await expect(log(page)).not.toContainText('two');
  await page.keyboard.press('p');
  await expect(log(page)).toContainText('three');
});

test('a host without tracefs says what to do', async ({ signedIn: page, standIn }) => {
  standIn.trace.why = 'tracefs is not mounted. Mount it: mount -t tracefs tracefs /sys/kernel/tracing';
  await page.goto(`${standIn.url}/trace`);
  await expect(page.getByText('Mount it: mount -t tracefs')).toBeVisible();
  await expect(page.getByRole('switch', { name: 'Kernel lines' })).toBeDisabled();
});

test('the lines can be taken away as they were written', async ({ signedIn: page, standIn }) => {
  standIn.trace.write(...lines);
  await page.goto(`${standIn.url}/trace`);
  await expect(log(page)).toContainText('redis-199');
  await page.getByRole('button', { name: 'Export' }).click();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Text' }).click(),
  ]);
  expect(file.suggestedFilename()).toBe('trace.txt');
  const text = await readFile(await file.path(), 'utf8');
  expect(text.trimEnd().split('\n')).toEqual(
    lines.map((line) => expect.stringMatching(new RegExp(`^\\S+Z ${line.replaceAll(/[[\]]/g, '\\$&')}$`))),
  );
});
