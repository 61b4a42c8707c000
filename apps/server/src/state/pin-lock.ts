import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A short name for the pin folder, the same in every process. */
export function keyOf(pinDir: string): string {
  return createHash('sha256').update(pinDir).digest('hex').slice(0, 16);
}

/**
 * Holds a pin folder for this process alone, also against daemons with another state folder. A bpf file system takes no lock
 * files, so the lock is an abstract socket, which the kernel takes back however the process ends. Null when another one has it.
 */
export async function lockPins(key: string): Promise<AsyncDisposable | null> {
  const holder = createServer((connection) => connection.destroy());
  try {
    holder.listen(`\0sidestep-${key}`);
    await once(holder, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
    throw error;
  }
  holder.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => holder.close(resolve));
    },
  };
}
