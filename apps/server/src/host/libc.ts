import koffi from 'koffi';

/** What Node.js has no function for. */
export const libc = koffi.load('libc.so.6');
