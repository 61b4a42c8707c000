/** Where this browser keeps its wish: `dark`, `light`, or nothing for the system's. */
export const THEME_KEY = 'sidestep.theme';

/** Runs before the first paint, so that no page flashes in the wrong colours. */
export const THEME_SCRIPT = `(()=>{const t=localStorage.getItem('${THEME_KEY}');document.documentElement.dataset.theme=t==='dark'||t==='light'?t:matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light'})()`;
