import type { Process } from './sandbox/process.ts';

/** What the process comes to, or an error that says `hung`, and its end, when that takes longer. */
export async function within<T>(seconds: number, process: Process, outcome: Promise<T>): Promise<T> {
  let hung = false;
  const limit = setTimeout(() => {
    hung = true;
    process.kill('SIGKILL');
  }, seconds * 1000);
  try {
    return await outcome;
  } catch (error) {
    throw hung ? new Error('hung') : error;
  } finally {
    clearTimeout(limit);
  }
}
