/** `wait-for-page.ts URL PID`: returns 0 as soon as the URL answers with 200, and 1 when the process has gone before that. */
import http from 'node:http';
import https from 'node:https';
import { setTimeout } from 'node:timers/promises';

const [url = '', pid = ''] = process.argv.slice(2);

function answers(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // Whether the certificate is one that browsers trust is not the question here.
  const request = url.startsWith('https:') ? https.get(url, { rejectUnauthorized: false }) : http.get(url);
  request.on('response', (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  request.on('error', () => resolve(false));
  return promise;
}

function lives(): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

while (!(await answers())) {
  if (!lives()) process.exit(1);
  await setTimeout(50);
}
process.exit(0);
