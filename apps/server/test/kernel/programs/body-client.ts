/**
 * `body-client.ts PORT REQUESTS CONNECTIONS`: on each connection by turns a few small requests, so that it comes to the bypass, and
 * one with 1 MiB in both directions. Prints one JSON line; see `bodySummarySchema`.
 */
import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerTo, bodyOf } from './body.ts';

const SMALL_ONES = 6;
const [port = 0, requests = 0, connections = 1] = process.argv.slice(2).map(Number);
const summary = { right: 0, wrong: 0, slowestMs: 0 };
let next = 0;

async function ask(agent: Agent, method: string, path: string, body?: Buffer): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const asked = request({
      agent,
      port,
      host: '127.0.0.1',
      method,
      path,
      headers: { 'content-length': body?.length ?? 0 },
    });
    asked.on('error', reject);
    asked.on('response', (response) => buffer(response).then(resolve, reject));
    asked.end(body);
  });
}

async function useConnection(): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let index = next++; index < requests; index = next++) {
    for (let small = 0; small < SMALL_ONES; small++) {
      await ask(agent, 'GET', '/');
      await sleep(5);
    }
    const start = performance.now();
    const answer = await ask(agent, 'POST', `/${index}`, bodyOf(index));
    summary.slowestMs = Math.max(summary.slowestMs, performance.now() - start);
    summary[answer.equals(answerTo(index)) ? 'right' : 'wrong']++;
  }
  agent.destroy();
}

await Promise.all(Array.from({ length: connections }, useConnection));
console.log(JSON.stringify(summary));
