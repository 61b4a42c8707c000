import { DatabaseSync } from 'node:sqlite';

const BUSY = 5;

/**
 * Holds a file for this process alone: the kernel lets go of it however the process ends. Null when another one has it.
 * SQLite's locking stands in for flock(2), which Node does not offer.
 */
export function lock(path: string): Disposable | null {
  const holder = new DatabaseSync(path, { timeout: 0 });
  try {
    holder.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => holder.close() };
  } catch (error) {
    holder.close();
    if ((error as { errcode?: number }).errcode === BUSY) return null;
    throw error;
  }
}
