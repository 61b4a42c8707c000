import { type Stats, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { AppRouter } from '@sidestep/server/router';
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { WebSocket } from 'ws';
import { CommandError, HasStopped, NotRunning } from './failure.ts';

export type Daemon = TRPCClient<AppRouter>;

/**
 * Talks to the daemon of a state folder over its socket. Throws `NotRunning` when it is not running, `HasStopped` when it goes
 * away meanwhile, and `CommandError` when this user may not, or when it would be somebody else who answers.
 */
export async function withDaemon<Result>(
  stateDir: string,
  work: (daemon: Daemon) => Promise<Result>,
): Promise<Result> {
  refuseForeign(stateDir);
  const path = join(stateDir, 'daemon.sock');
  await knock(path);
  const lost = Promise.withResolvers<never>();
  let over = false;
  const client = createWSClient({
    url: `ws+unix://${path}:/trpc`,
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    onClose: () => lost.reject(new Error('closed')),
    // A request that waits to be sent opens the connection again, even one that was lost or closed, and would keep this process alive.
    onOpen: () => {
      if (over) client.close();
    },
    retryDelayMs: () => {
      client.close();
      return 0;
    },
  });
  // A command that is done no longer cares whether the connection is closed.
  lost.promise.catch(() => {});
  try {
    const daemon = createTRPCClient<AppRouter>({ links: [wsLink<AppRouter>({ client })] });
    return await Promise.race([work(daemon), lost.promise]);
  } catch (error) {
    if (client.connection?.state === 'open') throw error;
    throw new HasStopped('The daemon has stopped. Start it again with sudo ./sidestep up.', {
      cause: error,
    });
  } finally {
    over = true;
    client.close();
  }
}

/** In somebody else's folder anybody may answer: with links to sign in at, and words for a terminal. What the shell says before a daemon is started there (scripts/state-folder.sh). */
function refuseForeign(stateDir: string): void {
  const folder = statOf(stateDir);
  if (folder === null) return;
  if (folder.uid !== 0 && folder.uid !== process.getuid?.())
    throw new CommandError(
      `The state folder ${stateDir} belongs to another user. Choose another with --state-dir, or change its owner with chown.`,
    );
  if (folder.mode & 0o022)
    throw new CommandError(
      `Others may write to the state folder ${stateDir}. Choose another with --state-dir, or run chmod go-w ${stateDir}.`,
    );
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** Finds out in words why there is no daemon to talk to, which a failed ws handshake would not tell. */
async function knock(path: string): Promise<void> {
  const code = await new Promise<string | null>((resolve) => {
    const socket = createConnection(path, () => resolve(null));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    socket.on('connect', () => socket.destroy());
  });
  if (code === null) return;
  if (code === 'EACCES' || code === 'EPERM')
    throw new CommandError('Only root may talk to the daemon: use sudo.');
  throw new NotRunning(
    `The daemon is not running (nothing answers at ${path}). Start it with sudo ./sidestep up.`,
  );
}
