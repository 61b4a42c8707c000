import { z } from 'zod';

export const MOST_PORTS = 65_535;
/** What the data plane has room for: `SS_MOST_RULES` in `bpf/sidestep.h`. */
export const MOST_PORT_RANGES = 16;

const portSchema = z.number().int().min(1).max(MOST_PORTS);

/** Ports from `first` to `last`, both included. */
export const portRangeSchema = z
  .object({ first: portSchema, last: portSchema })
  .refine(({ first, last }) => first <= last, 'A range begins with its lower port: write 6000-6010.');
export type PortRange = z.infer<typeof portRangeSchema>;

/** No port is in no range. */
export const portRangesSchema = z
  .array(portRangeSchema)
  .max(MOST_PORT_RANGES, `At most ${MOST_PORT_RANGES} ports or ranges: join neighbours into a range.`);

export type ParsedPorts = { readonly ranges: PortRange[] } | { readonly problem: string };

/** From words such as `5432, 6000-6010`; nothing, or `none`, is no port. A problem says what to write instead. */
export function parsePorts(text: string): ParsedPorts {
  const words = text.split(',').map((word) => word.trim());
  if (words.length === 1 && (words[0] === '' || words[0] === 'none')) return { ranges: [] };
  const ranges: PortRange[] = [];
  for (const word of words) {
    const [, first, last = first] = /^(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?$/.exec(word) ?? [];
    if (first === undefined || last === undefined)
      return { problem: `Write ports and ranges with commas between them: 5432, 6000-6010. ${quoted(word)}` };
    const parsed = portRangeSchema.safeParse({ first: Number(first), last: Number(last) });
    if (!parsed.success) return { problem: problemOf(Number(first), Number(last)) };
    ranges.push(parsed.data);
  }
  const parsed = portRangesSchema.safeParse(ranges);
  return parsed.success ? { ranges } : { problem: parsed.error.issues[0]?.message ?? '' };
}

const quoted = (word: string) => (word === '' ? 'One of them is empty.' : `"${word}" is neither.`);

function problemOf(first: number, last: number): string {
  if (first > last) return `A range begins with its lower port: write ${last}-${first}.`;
  return `Ports go from 1 to ${MOST_PORTS}.`;
}

/** As `parsePorts` takes them, `none` for no port. */
export function portsInWords(ranges: readonly PortRange[]): string {
  if (ranges.length === 0) return 'none';
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}

export function samePorts(some: readonly PortRange[], others: readonly PortRange[]): boolean {
  return portsInWords(some) === portsInWords(others);
}
