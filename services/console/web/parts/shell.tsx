import type { ModeName, ServiceView } from '../../model/view.js';
import { TRADING_LABEL } from '../../model/words.js';
import { openCritical } from '../state/attention.js';
import { useSelect } from '../state/hooks.js';
import { signOut } from '../state/http.js';
import { liveOrders } from '../state/lists.js';
import { linkTo, PAGES, type Page } from '../state/route.js';
import { isCurrent } from '../state/store.js';
import { useTheme } from '../state/theme.js';
import { ICONS, Icon, Logo, PageIcon } from './icons.js';

const ENVIRONMENTS: Readonly<Record<ModeName, { readonly name: string; readonly meaning: string }>> = {
  SIMULATION: { name: 'Simulation', meaning: 'nothing is sent to a chain' },
  SANDBOX: { name: 'Sandbox', meaning: 'a local venue, no real money' },
  LIVE: { name: 'Mainnet', meaning: 'real money' },
  UNKNOWN: { name: 'Environment not known', meaning: 'the processor has not told it yet' },
};

/** Where orders trade, across the whole width, on every page. */
export function Environment() {
  const mode = useSelect(({ services }) => services.find(({ service }) => service === 'processor')?.mode ?? 'UNKNOWN');
  const trading = useSelect(({ queue }) => queue?.tradingState ?? 'UNKNOWN');
  const { name, meaning } = ENVIRONMENTS[mode];
  return (
    <div class={`environment ${mode.toLowerCase()}`} role="note" aria-label="Environment">
      <strong>{name}</strong>
      <span>{meaning}</span>
      {trading !== 'ACTIVE' && trading !== 'UNKNOWN' && <b class="held">{TRADING_LABEL[trading]}</b>}
    </div>
  );
}

export function Sidebar({ page, onHelp }: { readonly page: Page; readonly onHelp: () => void }) {
  return (
    <aside class="sidebar">
      <a class="brand" href={linkTo('overview')}>
        <Logo />
        Exitlane
      </a>
      <nav aria-label="Pages">
        {PAGES.map((each, index) => (
          <a
            key={each}
            href={linkTo(each)}
            aria-current={each === page ? 'page' : undefined}
            aria-keyshortcuts={`${index + 1}`}
          >
            <PageIcon page={each} />
            <span class="name">{each}</span>
            <Count page={each} />
          </a>
        ))}
      </nav>
      <div class="below">
        <Links />
        <Person onHelp={onHelp} />
      </div>
    </aside>
  );
}

/** How much there is on a page: live orders, open positions, open alerts. */
function Count({ page }: { readonly page: Page }) {
  const orders = useSelect((state) => (page === 'orders' ? liveOrders(state.orders) : 0));
  const positions = useSelect((state) =>
    page === 'positions' ? [...state.positions.byId.values()].filter(({ status }) => status !== 'CLOSED').length : 0,
  );
  const alerts = useSelect((state) =>
    page === 'alerts' ? [...state.alerts.byId.values()].filter(({ state: each }) => each === 'OPEN').length : 0,
  );
  const critical = useSelect((state) => page === 'alerts' && openCritical(state) > 0);
  const count = orders + positions + alerts;
  return count === 0 ? null : <span class={`count num ${critical ? 'critical' : ''}`}>{count}</span>;
}

/** What the page hears from. */
function Links() {
  const link = useSelect((state) => state.link);
  const services = useSelect((state) => state.services);
  const current = useSelect(isCurrent);
  return (
    <ul class="links">
      <li class={link === 'open' ? 'good' : link === 'connecting' ? '' : 'bad'}>console</li>
      {services.map((service) => (
        <li key={service.service} class={link === 'open' ? toneOf(service) : ''} title={titleOf(service)}>
          {service.service}
        </li>
      ))}
      <li class="hidden" aria-live="polite">
        {current ? 'live' : 'not live'}
      </li>
    </ul>
  );
}

function toneOf({ up }: ServiceView): string {
  return up === null ? '' : up ? 'good' : 'bad';
}

function titleOf({ address, error }: ServiceView): string {
  return error === '' ? address : `${address}: ${error}`;
}

const THEME_ICON = { system: ICONS.system, light: ICONS.sun, dark: ICONS.moon } as const;

function Person({ onHelp }: { readonly onHelp: () => void }) {
  const identity = useSelect((state) => state.identity);
  const [theme, nextTheme] = useTheme();
  return (
    <div class="person">
      {identity && (
        <span class="who" title={`${identity.name}, ${identity.role}`}>
          <b>{identity.name}</b>
          {identity.role}
        </span>
      )}
      <button type="button" title={`Theme: ${theme}`} aria-label={`Theme: ${theme}`} onClick={nextTheme}>
        <Icon path={THEME_ICON[theme]} />
      </button>
      <button type="button" title="Keys" aria-label="Keys" onClick={onHelp}>
        ?
      </button>
      {identity?.signedIn && (
        <button type="button" title="Sign out" aria-label="Sign out" onClick={() => void signOut()}>
          <Icon path={ICONS.out} />
        </button>
      )}
    </div>
  );
}
