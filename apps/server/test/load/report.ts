import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { megabytes, type Outcome, type Phase } from './run.ts';

const BEGIN = '<!-- figures: begin -->';
const END = '<!-- figures: end -->';
/** Milliseconds in which the page should be answered. */
const TARGET_MS = 100;

/** A phase in one line, for whoever waits. */
export function lineOf(phase: Phase): string {
  const { p50, p99, max } = overall(phase);
  const figures = Object.entries(phase.figures).map(([unit, value]) => `${count(value)} ${unit}`);
  return [
    phase.name.padEnd(36),
    `${phase.seconds.toFixed(0)} s`.padStart(5),
    `${megabytes(phase.peakBytes)} MB`.padStart(7),
    `answers ${p50.toFixed(0)} / ${p99.toFixed(0)} / ${max.toFixed(0)} ms`.padEnd(26),
    figures.join(', '),
  ].join('  ');
}

/** The figures as Markdown. */
export function markdownOf({ phases, account, failures }: Outcome, load: number): string {
  const { kernel, status, numbered } = account;
  const questions = phases[0]?.page.answers.map(({ question }) => question) ?? [];
  return [
    `Linux ${release()}, ${cpus().length} CPUs (${cpus()[0]?.model ?? 'unknown'}), ${new Date().toISOString().slice(0, 10)}, load ${load.toFixed(1)} before.`,
    table(
      ['phase', 'seconds', 'connections/s', 'memory, highest', 'CPU', 'answers: median', '99 %', 'slowest'],
      phases.map((phase) => {
        const { p50, p99, max } = overall(phase);
        const perSecond = phase.figures['connections/s'];
        return [
          phase.name,
          phase.seconds.toFixed(0),
          perSecond === undefined ? '–' : count(perSecond),
          `${megabytes(phase.peakBytes)} MB`,
          `${(phase.cpuShare * 100).toFixed(0)} %`,
          ...[p50, p99, max].map((ms) => `${ms.toFixed(0)} ms`),
        ];
      }),
    ),
    `Answers by question, 99 % within so many milliseconds (more than ${TARGET_MS} in bold):`,
    table(
      ['question', ...phases.map(({ name }) => name)],
      questions.sort().map((question) => [question, ...phases.map((phase) => slowest(phase, question))]),
    ),
    `Events: the kernel counted ${count(kernel.sent)}, ${count(kernel.lost)} of them lost; the daemon has ${count(numbered)} and says that ${count(status.lost)} were lost. Connections that came too fast to be reported: ${count(kernel.leftOut)}.`,
    failures.length === 0 ? 'Nothing failed.' : failures.map((failure) => `* ${failure}`).join('\n'),
  ].join('\n\n');
}

/** Writes load.json, and the Markdown between the marks of load.md, which is made if it is not there. */
export function write(folder: string, outcome: Outcome, load = loadavg()[0] ?? 0): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'load.json'), `${JSON.stringify(outcome, rounded)}\n`);
  const path = join(folder, 'load.md');
  const old = existsSync(path) ? readFileSync(path, 'utf8') : `${BEGIN}\n${END}\n`;
  const [before, after] = [old.indexOf(BEGIN), old.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${path} lacks the marks ${BEGIN} and ${END}.`);
  const text = `${old.slice(0, before)}${BEGIN}\n\n${markdownOf(outcome, load)}\n\n${old.slice(after)}`;
  writeFileSync(path, text);
}

function overall({ page }: Phase) {
  return page.answers.find(({ question }) => question === 'all') ?? { p50: 0, p99: 0, max: 0 };
}

function slowest({ page }: Phase, question: string): string {
  const p99 = page.answers.find((answers) => answers.question === question)?.p99;
  if (p99 === undefined) return '–';
  return p99 > TARGET_MS ? `**${p99.toFixed(0)}**` : p99.toFixed(0);
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
