import { useEffect, useState } from 'preact/hooks';

export const PAGES = ['overview', 'orders', 'positions', 'alerts', 'health'] as const;
export type Page = (typeof PAGES)[number];

export interface Route {
  readonly page: Page;
  /** Id of the order or position that is shown; empty for the page itself. */
  readonly id: string;
}

/** The address after `#`: `#/orders/<order_req_id>`. */
export function routeOf(hash: string): Route {
  const [name = '', id = ''] = hash.replace(/^#\/?/, '').split('/');
  const page = PAGES.find((each) => each === name) ?? 'overview';
  try {
    return { page, id: decodeURIComponent(id) };
  } catch {
    return { page, id: '' };
  }
}

export function linkTo(page: Page, id = ''): string {
  return id === '' ? `#/${page}` : `#/${page}/${encodeURIComponent(id)}`;
}

export function goTo(page: Page, id = ''): void {
  location.hash = linkTo(page, id);
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const onChange = () => {
      setRoute(routeOf(location.hash));
      scrollTo(0, 0);
    };
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return route;
}
