import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** Where pnpm puts the commands of the packages that package.json names. */
export function tool(name: string, folder = root): string {
  return join(folder, 'node_modules/.bin', name);
}

/** Runs a command whose output goes straight to ours; the exit status. */
export async function show(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return (await ended(child)) as number;
}

/** Runs a command and keeps what it says, on both outputs; `heard` gets each piece as it comes. */
export async function collect(
  command: string,
  args: readonly string[],
  cwd: string,
  heard: (text: string) => void = () => {},
) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (text: string) => {
    output += text;
    heard(text);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return { exitCode: await ended(child), output };
}

async function ended(child: ReturnType<typeof spawn>): Promise<number> {
  try {
    const [code] = await once(child, 'close');
    return code ?? 1;
  } catch (error) {
    console.log(String(error));
    return 127;
  }
}
