/**
 * A session's secret has two halves, which a browser keeps in different places. The cookie is sent to every port of the host, also to
 * those that other users listen on, so it opens nothing by itself. The key is in the storage of the page, which other ports do not see.
 */
export interface Halves {
  readonly cookie: string;
  readonly key: string;
}

/** In neither half. A secret from before there were halves has none, so no two halves make one. */
const BETWEEN = '.';

export const joinHalves = ({ cookie, key }: Halves): string => `${cookie}${BETWEEN}${key}`;

export function splitSecret(secret: string): Halves {
  const [cookie = '', key = ''] = secret.split(BETWEEN);
  return { cookie, key };
}
