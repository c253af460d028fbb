import { effect, signal } from '@preact/signals';

/** The colours that the user has chosen: those of the system, or always light or dark. */
export type Theme = 'system' | 'light' | 'dark';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const KEY = 'stepwright-colours';

export const theme = signal(stored());

effect(() => {
  const { dataset } = document.documentElement;
  if (theme.value === 'system') delete dataset['theme'];
  else dataset['theme'] = theme.value;
});

// The choice in one window holds for all.
addEventListener('storage', ({ key }) => {
  if (key === KEY) theme.value = stored();
});

/** Chooses the next of the three, and remembers the choice if the browser lets a page remember something. */
export function chooseNextTheme(): void {
  const order = nextThemes();
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'system';
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // The choice holds as long as the page is open.
  }
}

/** The three in the order in which they are chosen. After the colours of the system come the others, so that one sees it. */
const nextThemes = (): readonly Theme[] =>
  matchMedia('(prefers-color-scheme: dark)').matches ? THEMES : ['system', 'dark', 'light'];

function stored(): Theme {
  try {
    return THEMES.find((each) => each === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}
