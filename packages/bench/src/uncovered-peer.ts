import type { Bed } from './bed.ts';
import type { Cell, Measurement, Point } from './cell.ts';
import { cpusOf } from './cpus.ts';
import type { Options } from './options.ts';
import { planOf } from './rounds.ts';
import { MESSAGE_SIZES, sizeWords } from './sizes.ts';
import { Traffic } from './traffic.ts';
import type { Variant } from './variants.ts';

const OVERHEAD_SECONDS = 0.2;
const SIZES = [64, 16 << 10];

/**
 * A client in the accelerated cgroup whose peer is not, as every remote one: Sidestep must recognise that there is nothing to do,
 * and cost nothing.
 */
export const uncoveredPeer: Cell = {
  name: 'uncovered-peer',
  plan(options) {
    const { rounds, seconds, warmUp } = options;
    const method = `Request/response with a server outside the accelerated cgroup, two processes on one CPU; ${rounds} rounds of ${seconds} s each.`;
    const about = {
      name: 'uncovered-peer',
      title: 'Peers that are not covered',
      method,
      unit: 'exchanges/s',
    };
    return planOf(about, pointsOf(options), { rounds, secondsEach: seconds + warmUp + OVERHEAD_SECONDS });
  },
};

function pointsOf(options: Options): Point[] {
  return (options.sizes ?? SIZES)
    .filter((size) => MESSAGE_SIZES.includes(size))
    .map((size) => ({
      labels: { message: sizeWords(size) },
      variants: options.variants.filter((variant) => variant === 'TCP' || variant === 'Sidestep'),
      measure: (bed, variant) => exchangeWithServerOutside(bed, variant, size, options),
    }));
}

async function exchangeWithServerOutside(
  bed: Bed,
  variant: Variant,
  size: number,
  { seconds, warmUp }: Options,
): Promise<Measurement> {
  const common = { cpu: cpusOf('same').own, seconds, 'warm-up': warmUp, unchecked: true };
  await using server = new Traffic(
    'exchange',
    { ...common, server: true, seconds: seconds + warmUp + 1 },
    { cgroup: bed.plain.path },
  );
  await using client = new Traffic(
    'exchange',
    { ...common, client: true, request: size, answer: size, address: `127.0.0.1:${await server.port()}` },
    { cgroup: bed.cgroupOf(variant).path },
  );
  const result = await client.result();
  if (result.errors || result.unfinished) throw new Error(`did not come to its end: ${result.error}`);
  return { value: result.perSecond, details: { 'CPU in µs': result.cpuUs }, trouble: null };
}
