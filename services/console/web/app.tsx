import { useEffect, useState } from 'preact/hooks';
import { Alerts } from './pages/alerts.js';
import { Health } from './pages/health.js';
import { Orders } from './pages/orders.js';
import { Overview } from './pages/overview.js';
import { Positions } from './pages/positions.js';
import { Banner } from './parts/banner.js';
import { Help } from './parts/help.js';
import { PageIcon } from './parts/icons.js';
import { Environment, Sidebar } from './parts/shell.js';
import { SignIn } from './parts/sign-in.js';
import { Toasts } from './parts/toasts.js';
import { useSelect } from './state/hooks.js';
import { useKeys } from './state/keys.js';
import { linkTo, PAGES, type Route, useRoute } from './state/route.js';
import { isCurrent } from './state/store.js';

export function App() {
  const route = useRoute();
  const isSignedOut = useSelect(({ link }) => link === 'signedOut');
  // Pages ask the server things; before there is a session it would refuse.
  const isKnown = useSelect(({ identity }) => identity !== null);
  const isStale = useSelect((state) => state.link !== 'connecting' && !isCurrent(state));
  const [helps, setHelps] = useState(false);
  useKeys(() => setHelps(true));
  useEffect(() => {
    document.body.classList.toggle('stale', isStale);
  }, [isStale]);
  if (isSignedOut) return <SignIn />;
  return (
    <>
      <button type="button" class="skip" onClick={toContent}>
        Skip to the content
      </button>
      <Environment />
      <Banner />
      <div class="frame">
        <Sidebar page={route.page} onHelp={() => setHelps(true)} />
        <main id="content" tabIndex={-1}>
          {isKnown && <Content route={route} />}
        </main>
      </div>
      <nav class="bottom" aria-label="Pages">
        {PAGES.map((page) => (
          <a key={page} href={linkTo(page)} aria-current={page === route.page ? 'page' : undefined}>
            <PageIcon page={page} />
            {page}
          </a>
        ))}
      </nav>
      <Toasts />
      {helps && <Help onClose={() => setHelps(false)} />}
    </>
  );
}

/** A button, since the address is the route: a link to an anchor would lead away from the page. */
function toContent(): void {
  document.querySelector<HTMLElement>('#content')?.focus();
}

function Content({ route: { page, id } }: { readonly route: Route }) {
  switch (page) {
    case 'orders':
      return <Orders id={id} />;
    case 'positions':
      return <Positions id={id} />;
    case 'alerts':
      return <Alerts />;
    case 'health':
      return <Health />;
    default:
      return <Overview />;
  }
}
