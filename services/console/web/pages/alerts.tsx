import { AlertRow } from '../parts/alert-row.js';
import { Card, Empty } from '../parts/basics.js';
import { Missing } from '../parts/missing.js';
import { useSelect } from '../state/hooks.js';
import { sortedAlerts } from '../state/lists.js';

/** Everything a person should know or do, what is open first. */
export function Alerts() {
  const alerts = useSelect((state) => state.alerts);
  const all = sortedAlerts(alerts);
  const open = all.filter(({ state }) => state !== 'RESOLVED');
  const resolved = all.filter(({ state }) => state === 'RESOLVED');
  return (
    <div class="page live">
      <h1>Alerts</h1>
      {alerts.currency === 'missing' ? (
        <Missing what="Alerts" />
      ) : (
        <>
          <Card title={`Not resolved (${open.length})`}>
            {open.length === 0 ? (
              <Empty title="All quiet">
                An exit that fails for good, or cannot start, is told here and in the title of this tab.
              </Empty>
            ) : (
              <ul class="alerts">
                {open.map((alert) => (
                  <AlertRow key={alert.alertId} alert={alert} />
                ))}
              </ul>
            )}
          </Card>
          {resolved.length > 0 && (
            <Card title="Resolved">
              <ul class="alerts">
                {resolved.map((alert) => (
                  <AlertRow key={alert.alertId} alert={alert} />
                ))}
              </ul>
            </Card>
          )}
        </>
      )}
    </div>
  );
}
