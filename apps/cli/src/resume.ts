import { note } from './output.ts';

/** How far somebody has come in a stream of numbered things, who says what is missing in it. */
export class Place {
  readonly #thing: string;
  #last: number | null = null;
  #left = false;
  /** From 0 on nothing is missing at first: what the first daemon no longer held was never asked for. */
  #isExpected = false;

  constructor(thing: string) {
    this.#thing = thing;
  }

  /** Null before it has begun. */
  get last(): number | null {
    return this.#last;
  }

  begin(last: number): void {
    if (this.#last === null) this.#isExpected = last === 0;
    this.#last = last;
  }

  /** The daemon has gone. Whether that is news. */
  leave(): boolean {
    const news = !this.#left;
    this.#left = true;
    this.#isExpected = false;
    return news;
  }

  /** The daemon has sent what it has up to number `last`, but for the `missed` ones. */
  reach(last: number, missed: number): void {
    const before = this.#last ?? 0;
    this.#last = last;
    const words = `${missed} ${this.#thing}${missed === 1 ? ' is' : 's are'} missing here`;
    if (this.#left) {
      this.#left = false;
      if (last < before)
        note(`The daemon is back, and numbers its ${this.#thing}s anew: some may be missing here.`);
      else note(`The daemon is back. ${missed === 0 ? `No ${this.#thing} is missing.` : `${words}.`}`);
    } else if (missed > 0 && !this.#isExpected) {
      note(`${words}: they came faster than they could be sent.`);
    }
    this.#isExpected = false;
  }
}
