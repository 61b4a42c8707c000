import type { Message } from '../results.ts';

/** To the program that has booted this machine: standard output is its second serial port. */
export function say(message: Message): void {
  console.log(JSON.stringify(message));
}
