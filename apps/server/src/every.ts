import { type Log, wordsOf } from './log.ts';

/**
 * Does something again and again until disposed, with `rest` milliseconds in between. What goes wrong is logged when it starts and
 * when the words change, not each time, and never stops the others.
 */
export function every(rest: number | (() => number), what: string, log: Log, work: () => void): Disposable {
  const restMs = typeof rest === 'number' ? () => rest : rest;
  let lastWords = '';
  let timer = setTimeout(turn, restMs());

  function turn(): void {
    try {
      work();
      lastWords = '';
    } catch (error) {
      const words = wordsOf(error);
      if (words !== lastWords) log(`Could not ${what}: ${words}`);
      lastWords = words;
    }
    timer = setTimeout(turn, restMs());
  }

  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
