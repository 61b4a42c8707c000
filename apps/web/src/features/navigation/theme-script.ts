/** Where this browser keeps its wish: `dark`, `light`, or nothing for the system's. */
export const THEME_KEY = 'sidestep.theme';

/** Runs before the first paint, so that no page flashes in the wrong colours. Where storage is switched off, asking for it throws. */
export const THEME_SCRIPT = `(()=>{let t;try{t=localStorage.getItem('${THEME_KEY}')}catch{}document.documentElement.dataset.theme=t==='dark'||t==='light'?t:matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light'})()`;
