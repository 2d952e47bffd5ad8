import { useState } from 'preact/hooks';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'exitlane.theme';

function read(): Theme {
  const { theme } = document.documentElement.dataset;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage can be forbidden: the choice lasts as long as the page.
  }
  dispatchEvent(new Event('themechange'));
}

/** The theme, and the step to the next one: system, light, dark. */
export function useTheme(): readonly [Theme, () => void] {
  const [theme, setTheme] = useState(read);
  const next = () => {
    const wanted: Theme = theme === 'system' ? 'light' : theme === 'light' ? 'dark' : 'system';
    apply(wanted);
    setTheme(wanted);
  };
  return [theme, next];
}

/** Calls `listener` whenever colours may have changed. */
export function onThemeChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', listener);
  addEventListener('themechange', listener);
  return () => {
    system.removeEventListener('change', listener);
    removeEventListener('themechange', listener);
  };
}
