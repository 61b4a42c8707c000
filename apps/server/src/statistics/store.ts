import type { StatisticsMark, StatisticsPoint } from '@sidestep/shared';
import type { Database } from '../state/database.ts';

const KEPT_MS = 7 * 86_400_000 + 3_600_000;

/** The history of the last week on disk: points twelve seconds apart, and marks. */
export class StatisticsStore {
  readonly #insertPoint;
  readonly #selectPoints;
  readonly #insertMark;
  readonly #selectMarks;
  readonly #forget;

  constructor(database: Database) {
    this.#insertPoint = database.change(
      'INSERT OR REPLACE INTO statistics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#selectPoints = database.prepare(`
      SELECT at / :interval * :interval AS at,
        sum(bytes_bypass * seconds) / sum(seconds) AS bytes_bypass,
        sum(bytes_stack * seconds) / sum(seconds) AS bytes_stack,
        sum(messages_bypass * seconds) / sum(seconds) AS messages_bypass,
        sum(messages_stack * seconds) / sum(seconds) AS messages_stack,
        sum(connections_bypass * seconds) / sum(seconds) AS connections_bypass,
        sum(connections_stack * seconds) / sum(seconds) AS connections_stack,
        sum(events * seconds) / sum(seconds) AS events
      FROM statistics WHERE at >= :since AND at <= :until GROUP BY at / :interval ORDER BY at`);
    this.#insertMark = database.change('INSERT INTO marks VALUES (?, ?)');
    this.#selectMarks = database.prepare('SELECT at, word FROM marks WHERE at >= ? AND at <= ? ORDER BY at');
    this.#forget = ['statistics', 'marks'].map((table) =>
      database.change(`DELETE FROM ${table} WHERE at < ?`),
    );
  }

  /** `seconds` is how many seconds went into the point. */
  add({ at, bytes, messages, connections, events }: StatisticsPoint, seconds: number): void {
    const values = [bytes, messages, connections].flatMap(({ bypass, stack }) => [bypass, stack]);
    this.#insertPoint.run(at, seconds, ...values, events);
  }

  /** Means over `interval` milliseconds, oldest first. Where the clock was set back, there may be later ones. */
  points(since: number, until: number, interval: number): StatisticsPoint[] {
    // A JavaScript number would be bound as a real number, and divide like one.
    return this.#selectPoints.all({ since, until, interval: BigInt(interval) }).map((row) => {
      const byPath = (what: string) => ({
        bypass: Number(row[`${what}_bypass`]),
        stack: Number(row[`${what}_stack`]),
      });
      return {
        at: Number(row.at),
        bytes: byPath('bytes'),
        messages: byPath('messages'),
        connections: byPath('connections'),
        events: Number(row.events),
      };
    });
  }

  addMark({ at, word }: StatisticsMark): void {
    this.#insertMark.run(at, word);
  }

  marks(since: number, until: number): StatisticsMark[] {
    return this.#selectMarks
      .all(since, until)
      .map(({ at, word }) => ({ at: Number(at), word: String(word) }));
  }

  forgetOld(now: number): void {
    for (const statement of this.#forget) statement.run(now - KEPT_MS);
  }
}
