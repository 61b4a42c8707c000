import { Traffic } from '@sidestep/bench';

/** What plain TCP answers in a case of the traffic program quirks, in no cgroup of ours. */
export async function plainOutcome(name: string): Promise<string> {
  await using quirks = new Traffic('quirks', { case: name, now: true });
  return (await quirks.result()).outcome;
}
