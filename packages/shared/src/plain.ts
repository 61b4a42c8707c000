const ACTIVE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * A text that does nothing to a terminal, as wide as before: names of processes and trace lines are the choice of anyone on the host,
 * and root reads them.
 */
export function plain(text: string): string {
  return text.replace(ACTIVE, '?');
}

/** The same of each line by itself. */
export function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

/** One line of JSON that does nothing to a terminal either; nothing of the value is lost. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    ACTIVE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
