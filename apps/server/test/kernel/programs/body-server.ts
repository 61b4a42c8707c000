/** Answers `POST /INDEX` with the body that belongs to it, or with 400 if the one that came is not right; GET with a word. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { answerTo, bodyOf } from './body.ts';

const server = createServer(async (request, response) => {
  if (request.method === 'GET') {
    response.end('here');
    return;
  }
  const index = Number(request.url?.slice(1));
  const right = (await buffer(request)).equals(bodyOf(index));
  response.writeHead(right ? 200 : 400).end(right ? answerTo(index) : 'wrong body');
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ listening: (server.address() as AddressInfo).port }));
});
