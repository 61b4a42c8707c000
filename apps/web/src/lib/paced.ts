interface Paced {
  readonly ask: () => void;
  readonly stop: () => void;
}

/** Runs `work` at once when asked, and then at most every `ms`: what is asked for meanwhile is one run at the end of it. */
export function paced(ms: number, work: () => void): Paced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = false;
  const rest = () => {
    timer = undefined;
    if (asked) run();
  };
  const run = () => {
    asked = false;
    timer = setTimeout(rest, ms);
    work();
  };
  return {
    ask() {
      if (timer === undefined) run();
      else asked = true;
    },
    stop: () => {
      clearTimeout(timer);
      asked = false;
    },
  };
}
