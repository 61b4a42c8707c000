import { type Log, wordsOf } from './log.ts';

/**
 * Does something again and again until disposed. What goes wrong is logged when it starts and when the words change, not each
 * time, and never stops the others.
 */
export function every(ms: number, what: string, log: Log, work: () => void): Disposable {
  let lastWords = '';
  const timer = setInterval(() => {
    try {
      work();
      lastWords = '';
    } catch (error) {
      const words = wordsOf(error);
      if (words !== lastWords) log(`Could not ${what}: ${words}`);
      lastWords = words;
    }
  }, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
