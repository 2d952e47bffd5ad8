import { expect } from 'chai';
import { METRICS_PORTS } from '../../../shared/metrics/settings.js';
import { at, mapping } from './files.js';
import { build, nameOf } from './kustomize.js';
import { type Pod, reaches } from './network.js';
import { type Workload, workloadsOf } from './workloads.js';

describe('O1, O3 network policies', () => {
  for (const overlay of ['sandbox', 'mainnet'] as const) {
    it(`lets in who has business there, and nobody else: overlay ${overlay}`, () => {
      const objects = build(`deploy/kubernetes/overlays/${overlay}`);
      const podOf = (program: string): Pod => {
        const { object } = workloadsOf(objects).find((each) => each.program === program) as Workload;
        return { labels: mapping(at(object, 'spec.template.metadata.labels')) };
      };
      const [requestor, processor, console] = ['requestor', 'processor', 'console'].map(podOf) as [Pod, Pod, Pod];
      const stranger: Pod = { labels: { app: 'other' }, elsewhere: {} };
      const neighbour: Pod = { labels: { app: 'other' } };
      const bot: Pod = { labels: { 'exitlane-client': 'orders' }, elsewhere: {} };
      const prometheus: Pod = { labels: {}, elsewhere: { 'exitlane-monitoring': 'allowed' } };
      const names: Pod = { labels: { 'k8s-app': 'kube-dns' }, elsewhere: {} };
      const database: Pod = { labels: { app: 'postgres' }, elsewhere: {} };
      const table: [Pod, Pod, number, boolean][] = [
        [requestor, processor, 50_052, true],
        [console, processor, 50_052, true],
        [console, requestor, 50_051, true],
        [bot, requestor, 50_051, true],
        [bot, processor, 50_052, true],
        [stranger, requestor, 50_051, false],
        [stranger, processor, 50_052, false],
        [neighbour, processor, 50_052, false],
        [processor, requestor, 50_051, false],
        [stranger, console, 8_080, false],
        [bot, processor, METRICS_PORTS.processor, false],
        [prometheus, requestor, METRICS_PORTS.requestor, true],
        [prometheus, processor, METRICS_PORTS.processor, true],
        [prometheus, console, METRICS_PORTS.console, true],
        [prometheus, processor, 50_052, false],
        [requestor, names, 53, true],
        [neighbour, names, 53, true],
        [neighbour, stranger, 443, false],
        [stranger, neighbour, 80, false],
        [requestor, database, 5_432, true],
        [processor, database, 5_432, true],
        [console, database, 5_432, false],
        [processor, stranger, 443, true],
        [processor, stranger, 80, false],
        [console, stranger, 443, false],
      ];
      for (const [index, [from, to, port, expected]] of table.entries()) {
        expect(reaches(objects, from, to, port), `line ${index + 1}`).to.equal(expected);
      }
      const own = (name: string): Pod => ({ labels: { 'app.kubernetes.io/name': name } });
      if (overlay === 'sandbox') {
        expect(reaches(objects, processor, own('exitlane-sandbox'), 8_899)).to.equal(true);
        expect(reaches(objects, requestor, own('exitlane-sandbox'), 8_899)).to.equal(false);
        expect(reaches(objects, requestor, own('exitlane-postgres'), 5_432)).to.equal(true);
        expect(reaches(objects, neighbour, own('exitlane-postgres'), 5_432)).to.equal(false);
      }
      // Without the component for streams, only our own services reach a processor.
      const strict = objects.filter((object) => nameOf(object) !== 'exitlane-stream-clients');
      expect(reaches(strict, bot, processor, 50_052)).to.equal(false);
      expect(reaches(strict, requestor, processor, 50_052)).to.equal(true);
    });
  }
});
