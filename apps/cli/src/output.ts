import { jsonLine, plain, plainLines } from '@sidestep/shared';

/** Writes lines to standard output. */
export function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.map(plain).join('\n')}\n`);
}

/** Writes one value as one line of JSON. */
export function printJson(value: unknown): void {
  print([jsonLine(value)]);
}

/** Says something that is not the command's answer. */
export function note(line: string): void {
  process.stderr.write(`${plainLines(line)}\n`);
}

/** A reader that has seen enough (`| head`) ends the command, as it ends any other. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
