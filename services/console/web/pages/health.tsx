import { useEffect, useState } from 'preact/hooks';
import { count } from '../../model/format.js';
import type { AuditPageView, GateHostView, GateView, ServiceView } from '../../model/view.js';
import { Age, Badge, Card, Empty, Facts, Span, Time, timeOfDay } from '../parts/basics.js';
import { Missing } from '../parts/missing.js';
import { useNow, useSelect } from '../state/hooks.js';
import { get, messageOf } from '../state/http.js';

/** What runs, on what, and whether it is well. */
export function Health() {
  const services = useSelect((state) => state.services);
  const hello = useSelect((state) => state.hello);
  const gate = useSelect((state) => state.gate);
  return (
    <div class="page health">
      <h1>Health</h1>
      <div class="services">
        {services.map((service) => (
          <Service key={service.service} service={service} />
        ))}
        {hello && (
          <Card title="console" aside={<Badge tone="good">up</Badge>}>
            <Facts
              pairs={[
                ['Version', hello.consoleVersion],
                ['Address', location.host],
                ['Up for', <Age key="up" at={hello.startedAt} />],
                ['You are', `${hello.identity.name}, ${hello.identity.role}`],
              ]}
            />
          </Card>
        )}
      </div>
      <Endpoints services={services} />
      <Gate gate={gate} />
      {hello?.identity.role === 'operator' && <Audit />}
    </div>
  );
}

function Service({ service }: { readonly service: ServiceView }) {
  const { up } = service;
  // Of several servers one that answers is enough; who does not is in the error.
  const isPartly = up === true && service.error !== '';
  const tone = up === null ? 'quiet' : !up ? 'bad' : isPartly ? 'warn' : 'good';
  return (
    <Card
      title={service.service}
      class={up === false ? 'down' : ''}
      aside={<Badge tone={tone}>{up === null ? 'asking' : !up ? 'down' : isPartly ? 'partly up' : 'up'}</Badge>}
    >
      {up === false && (
        <p class="problem">
          Down since {timeOfDay(service.since)}: {service.error}
        </p>
      )}
      {isPartly && <p class="problem">{service.error}</p>}
      <Facts
        pairs={[
          [
            'Address',
            service.address.split(',').map((each) => (
              <div key={each} class="num">
                {each}
              </div>
            )),
          ],
          ['Version', service.version],
          ['Mode', service.mode === 'UNKNOWN' ? '' : service.mode.toLowerCase()],
          ['Database', service.database !== '' && `${service.database}, schema ${service.schemaVersion}`],
          ['Node', service.nodeVersion],
          ['Up for', up === true && <Age at={service.startedAt} />],
          ['Last seen', up === false && service.lastSeen !== null && <Time at={service.lastSeen} />],
        ]}
      />
    </Card>
  );
}

function Endpoints({ services }: { readonly services: readonly ServiceView[] }) {
  const endpoints = services.flatMap(({ endpoints: own }) => own);
  return (
    <Card title="Endpoints" class="live">
      {endpoints.length === 0 ? (
        <Empty title="None">The processor names the venues it calls.</Empty>
      ) : (
        <table class="list">
          <tbody>
            {endpoints.map(({ name, url, healthy, lastError }) => (
              <tr key={`${name} ${url}`}>
                <td class="narrow">{name}</td>
                <td>
                  <code>{url}</code>
                  {!healthy && lastError !== '' && <p class="problem">{lastError}</p>}
                </td>
                <td class="right narrow">
                  <Badge tone={healthy ? 'good' : 'bad'}>{healthy ? 'answers' : 'failing'}</Badge>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function Gate({ gate }: { readonly gate: GateView | null }) {
  return (
    <Card title="API calls" class="live gate">
      {gate === null ? (
        <Empty title="Not known">The processor does not tell the load of its gate.</Empty>
      ) : (
        <>
          <table class="list">
            <thead>
              <tr>
                <th>Level</th>
                <th class="right">Under way</th>
                <th class="right">Waiting</th>
                <th class="right">Calls</th>
                <th class="right">Average wait</th>
                <th class="right">Longest</th>
                <th class="right">Refused</th>
              </tr>
            </thead>
            <tbody>
              {gate.levels.map((level) => (
                <tr key={level.level}>
                  <td>{level.level.toLowerCase()}</td>
                  <td class="right num">{level.inFlight}</td>
                  <td class="right num">{level.waiting}</td>
                  <td class="right num">{count(level.callsTotal)}</td>
                  <td class="right">
                    <Span ms={level.averageWaitMs} />
                  </td>
                  <td class="right">
                    <Span ms={level.waitMaxMs} />
                  </td>
                  <td class="right num">{count(level.refusedTotal)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {gate.hosts.map((host) => (
            <Host key={host.host} host={host} />
          ))}
        </>
      )}
    </Card>
  );
}

/** One host's budget as a bar: what is left, and the part that only executions may use. */
function Host({ host }: { readonly host: GateHostView }) {
  const now = useNow();
  const isLimited = host.limitedUntil !== null && host.limitedUntil > now;
  return (
    <div class="host">
      <div class="line">
        <code>{host.host}</code>
        {isLimited && <Badge tone="warn">limits us until {timeOfDay(host.limitedUntil ?? 0)}</Badge>}
        <span class="when num">
          {host.budget === null
            ? 'no budget'
            : `${host.budgetLeft === null ? '?' : count(host.budgetLeft)} of ${count(host.budget)} left${host.windowMs === null ? '' : ` in ${host.windowMs / 1000} s`}`}
        </span>
      </div>
      {host.budget !== null && host.budget > 0 && (
        <div class="meter" title={host.reserved === null ? '' : `${host.reserved} are kept for executions`}>
          <i style={{ width: `${(100 * (host.budgetLeft ?? 0)) / host.budget}%` }} />
          {host.reserved !== null && <b style={{ left: `${(100 * host.reserved) / host.budget}%` }} />}
        </div>
      )}
      <p class="note num">
        {host.inFlight} under way · {host.waiting} waiting · {count(host.limitedTotal)} refused by the host
        {host.overBudgetTotal > 0 && ` · ${count(host.overBudgetTotal)} of exits over the budget`}
      </p>
    </div>
  );
}

function Audit() {
  const trading = useSelect((state) => state.trading);
  const [page, setPage] = useState<AuditPageView>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    get<AuditPageView>('/api/audit').then(
      (read) => {
        setPage(read);
        setProblem('');
      },
      (error: unknown) => setProblem(messageOf(error)),
    );
    // A change of the trading state is an entry of its own.
  }, [trading?.changedAt]);
  return (
    <Card title="Who changed what">
      {problem !== '' && <p class="problem">{problem}</p>}
      {page && !page.available && <Missing what="Audit log" />}
      {page?.available && page.entries.length === 0 && <Empty title="Nothing was changed yet" />}
      {page?.available && page.entries.length > 0 && (
        <table class="list audit">
          <tbody>
            {page.entries.map((entry) => (
              <tr key={entry.entryId}>
                <td class="num narrow">
                  <Time at={entry.at} />
                </td>
                <td class="narrow" title={entry.peer}>
                  {entry.who}
                </td>
                <td class="narrow">{entry.action.replace(/^.*\//, '')}</td>
                <td>
                  {entry.detail} <code>{entry.subject}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
