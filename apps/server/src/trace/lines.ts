import { StringDecoder } from 'node:string_decoder';

/** Characters. The kernel's own lines are shorter than a page; what is longer is cut, so that nothing grows without bound. */
export const LONGEST_LINE = 65_536;

/** Puts a stream of bytes, which may be cut anywhere, together to lines. Empty ones are left out; what is not UTF-8 becomes U+FFFD. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** The lines that end in these bytes. */
  take(bytes: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    return lines.filter((line) => line !== '').map((line) => line.slice(0, LONGEST_LINE));
  }
}
