import type { Page } from '../state/route.js';

const PATHS: Readonly<Record<Page, string>> = {
  overview: 'M3 11.5 10 4l7 7.5M5 10v6.500h10V10',
  orders: 'M4 5h12M4 10h12M4 15h7',
  positions: 'M3.500 15.500 8 10l3.500 3 5-7M13 6h3.500v3.500',
  alerts: 'M10 3.500 17.500 16.500h-15zM10 8.500v3.500M10 14.200v.1',
  health: 'M2.500 10.500h3.500l2-5 3.500 9 2-4h4',
};

/** Stroke icons on a grid of 20. */
export function PageIcon({ page }: { readonly page: Page }) {
  return <Icon path={PATHS[page]} />;
}

export function Icon({ path }: { readonly path: string }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** Three lanes, and the one that leads out. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path class="lanes" d="M7 10h9M7 16h6M7 22h9" />
      <path class="exit" d="M17 16h8m-4-4.500L25.500 16 21 20.500" />
    </svg>
  );
}

export const ICONS = {
  copy: 'M7.500 7.500h8v8h-8zM12.500 7.500v-3h-8v8h3',
  out: 'M8 5H5v10h10v-3M11 4.500h4.500V9M15.500 4.500 9.500 10.500',
  back: 'M12 4.500 6.500 10l5.500 5.500',
  sun: 'M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7M10 2.500v1.500M10 16v1.500M2.500 10H4M16 10h1.500M4.700 4.700l1 1M14.300 14.300l1 1M4.700 15.300l1-1M14.300 5.700l1-1',
  moon: 'M16 11.500A6.500 6.500 0 0 1 8.500 4a6.500 6.500 0 1 0 7.500 7.500',
  system: 'M3 4.500h14v9H3zM7 16.500h6M10 13.500v3',
} as const;
