import type { NextConfig } from 'next';

/** The page is a folder of files that the daemon serves: one origin, no second server at run time. */
export default {
  output: 'export',
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  transpilePackages: ['@sidestep/shared'],
  // The workspace's own compiler checks the types (`check`); Next knows an older one only.
  typescript: { ignoreBuildErrors: true },
} satisfies NextConfig;
