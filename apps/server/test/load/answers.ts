import { z } from 'zod';

/** How long the daemon took to answer one kind of question, in milliseconds. */
export const answersSchema = z.object({
  question: z.string(),
  asked: z.number(),
  p50: z.number(),
  p99: z.number(),
  max: z.number(),
});
export type Answers = z.infer<typeof answersSchema>;

/** What the page says about one phase. Frames are those of subscriptions; `failed` is the first thing that went wrong. */
export const pageReportSchema = z.object({
  answers: z.array(answersSchema),
  frames: z.record(z.string(), z.number()),
  longestGapMs: z.record(z.string(), z.number()),
  failed: z.string().nullable(),
});
export type PageReport = z.infer<typeof pageReportSchema>;

export function answersOf(times: ReadonlyMap<string, readonly number[]>): Answers[] {
  const each = [...times].map(([question, taken]) => summed(question, taken));
  return [...each, summed('all', [...times.values()].flat())];
}

/** How many questions came to an end, in all. */
export function questionsIn({ answers }: Pick<PageReport, 'answers'>): number {
  return answers.find(({ question }) => question === 'all')?.asked ?? 0;
}

function summed(question: string, taken: readonly number[]): Answers {
  const sorted = [...taken].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { question, asked: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
