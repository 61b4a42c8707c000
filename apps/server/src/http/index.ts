/** What it takes to serve the page with any services, for tests of the page. */
export type { Services } from '../services.ts';
export { Access } from '../sign-in/access.ts';
export { memoryDatabase } from '../state/database.ts';
export { type HttpOptions, type HttpServer, startHttp } from './serve.ts';
