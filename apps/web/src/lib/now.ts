import { useEffect, useState } from 'react';

/** The time, once a second; 0 until the page is alive, so that the built page and the first render agree. */
export function useNow(): number {
  const [now, setNow] = useState(0);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
