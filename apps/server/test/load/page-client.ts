import { fileURLToPath } from 'node:url';
import { Process, until } from '@sidestep/bench';
import type { TestDaemon } from '../kernel/support/test-daemon.ts';
import { type PageReport, pageReportSchema } from './answers.ts';

const PROGRAM = fileURLToPath(new URL('page.ts', import.meta.url));

/** A page that is open all the time and measures how fast the daemon answers. */
export class PageClient implements AsyncDisposable {
  readonly #process: Process;

  private constructor(process: Process) {
    this.#process = process;
  }

  static async open(daemon: TestDaemon): Promise<PageClient> {
    const { url } = await daemon.api.signIn.link.mutate();
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', PROGRAM];
    const page = new Process([...command, new URL(url).origin, url]);
    await page.firstLine();
    return new PageClient(page);
  }

  /** What was measured since the last report. */
  async report(): Promise<PageReport> {
    const said = this.#process.lines.length;
    this.#process.write('\n');
    const line = await until('the page reports', () => {
      if (!this.#process.running) throw new Error(`The page has ended: ${this.#process.errors}`);
      return this.#process.lines[said];
    });
    return pageReportSchema.parse(JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
