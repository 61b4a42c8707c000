import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { contentSecurityPolicy, inlineScriptHashes } from './policy.ts';

interface WebFile {
  /** Relative to the export's root. */
  readonly path: string;
  /** For pages: with the hashes of their inline scripts. */
  readonly policy: string | null;
}

const NOT_BUILT = 'The web page is not built. Run ./sidestep up, which builds it.\n';
const HASHED = '_next/static/';

/** Serves the static export of the web app, whose files are listed once: only what is in it can be asked for. */
export async function serveWeb(fastify: FastifyInstance, root: string): Promise<void> {
  const files = listFiles(root);
  await fastify.register(fastifyStatic, { root, serve: false, cacheControl: false, suppressWarning: true });

  fastify.get('/*', (request, reply) => {
    const path = pathOf(request.url);
    const file = files.get(path === '/' ? path : path.replace(/\/$/, ''));
    return file ? send(reply, root, file) : reply.callNotFound();
  });

  fastify.setNotFoundHandler((request, reply) => {
    reply.code(404);
    const page = files.get('/404');
    if (request.url.startsWith('/api/'))
      return reply.send({ message: 'There is no such address.', remedy: 'Reload the page.' });
    if (!page) return reply.type('text/plain').send(files.size === 0 ? NOT_BUILT : 'Not found.\n');
    return send(reply, root, page);
  });
}

/** Decoded, up to `?` or `#`, which is what the router has looked at. Throws what is answered with 400. */
function pathOf(url: string): string {
  try {
    return decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '/');
  } catch (cause) {
    throw Object.assign(new Error('The address is not valid.', { cause }), { statusCode: 400 });
  }
}

function send(reply: FastifyReply, root: string, { path, policy }: WebFile): FastifyReply {
  if (policy !== null) reply.header('content-security-policy', policy);
  // Names of hashed files change with their content; everything else is asked for again, and answered with 304 as a rule.
  reply.header('cache-control', path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache');
  return reply.sendFile(path, root);
}

/** By URL path: `/`, `/connections`, `/_next/static/…`. */
function listFiles(root: string): Map<string, WebFile> {
  const files = new Map<string, WebFile>();
  if (!existsSync(root)) return files;
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const absolute = join(entry.parentPath, entry.name);
    const path = relative(root, absolute).split(sep).join('/');
    const isPage = path.endsWith('.html');
    const policy = isPage ? contentSecurityPolicy(inlineScriptHashes(readFileSync(absolute, 'utf8'))) : null;
    const url = isPage ? path.replace(/(?:^|\/)index\.html$|\.html$/, '') : path;
    files.set(`/${url}`, { path, policy });
  }
  return files;
}
