export * from './acceleration.ts';
export * from './connection.ts';
export * from './event.ts';
export * from './reason.ts';
export * from './settings.ts';
export * from './splicer.ts';
export * from './statistics.ts';
export * from './trace.ts';
