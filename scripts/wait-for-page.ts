/**
 * `wait-for-page.ts URL PID PIDFILE`: returns 0 as soon as the daemon says that it is ready, by its pid file, and the URL answers
 * with 200; returns 1 when the process has gone before that, or after a minute. The pid file comes first because another program may have the port.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout } from 'node:timers/promises';

const [url = '', pid = '', pidFile = ''] = process.argv.slice(2);

function isReady(): boolean {
  try {
    return readFileSync(pidFile, 'utf8').trim() === pid;
  } catch {
    return false;
  }
}

function answers(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const options = { timeout: 2000, rejectUnauthorized: false };
  const request = url.startsWith('https:') ? https.get(url, options) : http.get(url, options);
  request.on('response', (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  request.on('timeout', () => request.destroy());
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

const deadline = performance.now() + 60_000;
while (!(isReady() && (await answers()))) {
  if (!lives() || performance.now() > deadline) process.exit(1);
  await setTimeout(50);
}
process.exit(0);
