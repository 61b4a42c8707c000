import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { contentSecurityPolicy, inlineScriptHashes } from '../../src/http/policy.ts';

const hash = (script: string) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

test('every inline script has its hash, once; those with a source need none', () => {
  const html = `<html><head><script src="/a.js" async=""></script><script>one()</script>
    <script id="x" type="module">two();\n</script><script>one()</script><script></script></head></html>`;
  expect(inlineScriptHashes(html)).toEqual([hash('one()'), hash('two();\n')]);
});

test('a script that talks about sources is inline all the same', () => {
  expect(inlineScriptHashes('<script data-src="x">a</script>')).toEqual([hash('a')]);
});

test('nothing runs that is not the daemon’s own', () => {
  const scripts = contentSecurityPolicy([hash('a')])
    .split('; ')
    .find((directive) => directive.startsWith('script-src'));
  expect(scripts).toBe(`script-src 'self' ${hash('a')}`);
  const policy = contentSecurityPolicy([]);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("base-uri 'none'");
  expect(policy).not.toContain('unsafe-eval');
  expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/);
  expect(policy).not.toMatch(/https?:|\*/);
});
