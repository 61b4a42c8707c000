import { afterEach, expect, test, vi } from 'vitest';
import { download } from './download.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('a file can still be fetched after the click, and is let go of in the end', async () => {
  vi.useFakeTimers();
  const link = { href: '', download: '', click: vi.fn() };
  vi.stubGlobal('document', { createElement: () => link });
  const revoked = vi.spyOn(URL, 'revokeObjectURL');
  download('trace.txt', 'text/plain', 'a line');
  expect(link.click).toHaveBeenCalledOnce();
  expect(await (await fetch(link.href)).text()).toBe('a line');
  expect(revoked).not.toHaveBeenCalled();
  await vi.runAllTimersAsync();
  expect(revoked).toHaveBeenCalledWith(link.href);
});
