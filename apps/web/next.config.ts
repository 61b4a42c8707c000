import { readFileSync } from 'node:fs';
import type { NextConfig } from 'next';

const { version } = JSON.parse(readFileSync(new URL('../server/package.json', import.meta.url), 'utf8'));

/** The page is a folder of files that the daemon serves: one origin, no second server at run time. */
export default {
  output: 'export',
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  // The page compares it with the version that the daemon tells.
  env: { PAGE_VERSION: version },
  transpilePackages: ['@sidestep/shared'],
  // The workspace's own compiler checks the types (`check`); Next knows an older one only.
  typescript: { ignoreBuildErrors: true },
} satisfies NextConfig;
