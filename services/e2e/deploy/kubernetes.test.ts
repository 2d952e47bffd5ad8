import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { DRAIN_MS } from '../../../shared/core/limits.js';
import { METRICS_PORTS } from '../../../shared/metrics/settings.js';
import { begin, type Files, makeFiles, unknownNames } from './environments.js';
import { at, list, type Mapping, type Node, textAt, textOf, yamlOf } from './files.js';
import { validate } from './kubernetes-schema.js';
import { build, nameOf, ofKind, selects } from './kustomize.js';
import { imagesIn, initMounts, type Workload, workloadsOf } from './workloads.js';

const OVERLAYS = ['sandbox', 'mainnet'] as const;
/** lifecycle.ts ends a process that takes longer than this to stop. */
const FORCED_EXIT_S = 15;
/** What `install` of the private files leaves in /private. */
const PRIVATE = '/private/';

describe('O3 Kubernetes', () => {
  let files: Files;
  before(async () => {
    files = await makeFiles();
  });
  after(() => rmSync(files.folder, { recursive: true, force: true }));

  for (const overlay of OVERLAYS) {
    describe(`overlay ${overlay}`, () => {
      const objects = build(`deploy/kubernetes/overlays/${overlay}`);
      const workloads = workloadsOf(objects);
      const ours = workloads.flatMap((workload) =>
        workload.program === undefined ? [] : [{ ...workload, program: workload.program }],
      );
      const services = ours.filter(({ program }) => program !== 'sandbox');

      it('is made of objects that their schemas allow, without a field that nobody knows', () => {
        expect(objects.length).to.be.greaterThan(15);
        for (const object of objects) validate(object);
      });

      it('names each object once, all in one namespace', () => {
        const names = objects.map((object) => `${object.kind} ${nameOf(object)}`);
        expect(new Set(names).size).to.equal(names.length);
        const [namespace] = ofKind(objects, 'Namespace').map(nameOf);
        const others = objects.filter(({ kind }) => kind !== 'Namespace');
        expect([...new Set(others.map((object) => textAt(object, 'metadata.namespace')))]).to.deep.equal([namespace]);
      });

      it('runs requestors, processors and the console', () => {
        expect(services.map(({ program }) => program).sort()).to.deep.equal(['console', 'processor', 'requestor']);
        for (const { program, object } of services) {
          if (program !== 'console') expect(at(object, 'spec.replicas'), program).to.equal(2);
        }
      });

      it('gives services nothing but settings that they know, and an environment they start with', async () => {
        for (const { name, program, env } of ours) {
          expect(unknownNames(program, env), name).to.deep.equal([]);
          await begin(program, env, files).catch((error: Error) => {
            throw new Error(`${name}: ${error.message}`);
          });
        }
      });

      it('mounts every file that a setting names, and nothing that none names', () => {
        for (const { name, pod, container, env } of workloads) {
          const mounts = list(container.volumeMounts).map((mount) => textAt(mount, 'mountPath'));
          const volumes = list(pod.volumes ?? []).map((volume) => textAt(volume, 'name'));
          const claims = workloads.find((each) => each.name === name)?.object;
          const claimed = list(at(claims, 'spec.volumeClaimTemplates') ?? []).map(nameOf);
          const named = [...list(container.volumeMounts), ...initMounts(pod)].map((mount) => textAt(mount, 'name'));
          expect([...new Set(named)].sort(), name).to.deep.equal([...volumes, ...claimed].sort());
          const paths = Object.values(env).filter((value) => value.startsWith('/'));
          for (const file of paths) {
            expect(
              mounts.some((mount) => file.startsWith(`${mount}/`)),
              `${name}: ${file}`,
            ).to.equal(true);
          }
          if (container.image !== undefined && String(container.image).startsWith('postgres')) continue;
          for (const mount of mounts) {
            expect(
              paths.some((file) => file.startsWith(`${mount}/`)),
              `${name} uses ${mount}`,
            ).to.equal(true);
          }
        }
      });

      it('puts keys and tokens where only their owner may read them, and the documentation says what is in each Secret', () => {
        const documented = textOf('docs/deployment.md');
        for (const { name, pod, env } of ours) {
          const isPrivate = /^(WALLET_.*_FILE|EXITLANE_TOKEN_FILE)$/;
          for (const [variable, value] of Object.entries(env)) {
            if (isPrivate.test(variable)) expect(value, `${name} ${variable}`).to.match(new RegExp(`^${PRIVATE}`));
          }
          for (const volume of list(pod.volumes ?? [])) {
            const secret = textAt(volume, 'secret.secretName');
            if (secret === '') continue;
            expect(at(volume, 'secret.defaultMode'), secret).to.equal(0o440);
            expect(documented, `docs/deployment.md on ${secret}`).to.include(`\`${secret}\``);
          }
          const copied = Object.values(env).filter((value) => value.startsWith(PRIVATE));
          const init = list(pod.initContainers ?? []);
          expect(init.length, name).to.equal(copied.length > 0 ? 1 : 0);
          for (const file of copied) expect(documented).to.include(`\`${file.slice(PRIVATE.length)}\``);
          for (const each of init) {
            expect(list(at(each, 'command'))[2]).to.equal('install -m 0400 /secrets/*/* /private/');
            const targets = list(at(each, 'volumeMounts')).map((mount) => textAt(mount, 'mountPath'));
            expect(targets).to.include('/private');
            expect(targets.filter((target) => /^\/secrets\/\w+$/.test(target))).to.have.lengthOf(targets.length - 1);
          }
        }
        expect(ofKind(objects, 'Secret')).to.deep.equal([]);
      });

      it('asks health over HTTP, where the metrics are, on paths that the service answers', () => {
        for (const { name, program, container, env } of services) {
          const ports = new Map(list(container.ports).map((port) => [at(port, 'name'), at(port, 'containerPort')]));
          expect(ports.get('metrics'), name).to.equal(METRICS_PORTS[program as 'requestor']);
          expect(String(ports.get('metrics'))).to.equal(env.EXITLANE_METRICS_PORT);
          const own = String(env[`EXITLANE_${program.toUpperCase()}_PORT`]);
          expect([...ports.values()].map(String), name).to.include(own);
          const wanted = { startupProbe: '/livez', readinessProbe: '/readyz', livenessProbe: '/livez' };
          for (const [probe, path] of Object.entries(wanted)) {
            expect(at(container, `${probe}.httpGet`), `${name} ${probe}`).to.deep.equal({ path, port: 'metrics' });
            expect(textOf('shared/metrics/http.ts'), 'what is answered').to.include(path);
          }
        }
      });

      it('gives a pod longer to stop than it takes: the wait before the signal, and the time after it', () => {
        for (const { name, pod, container } of ours) {
          const before = Number(at(container, 'lifecycle.preStop.sleep.seconds') ?? 0);
          const grace = Number(at(pod, 'terminationGracePeriodSeconds'));
          expect(DRAIN_MS / 1_000).to.be.lessThan(FORCED_EXIT_S);
          expect(grace, name).to.be.greaterThan(before + FORCED_EXIT_S);
        }
      });

      it('locks pods down', () => {
        for (const { name, pod } of workloads) {
          expect(at(pod, 'automountServiceAccountToken'), name).to.equal(false);
          expect(at(pod, 'enableServiceLinks'), 'EXITLANE_..._PORT from Kubernetes would be a setting').to.equal(false);
          expect(at(pod, 'securityContext.runAsNonRoot'), name).to.equal(true);
          expect(at(pod, 'securityContext.seccompProfile.type'), name).to.equal('RuntimeDefault');
          for (const each of [...list(pod.containers), ...list(pod.initContainers ?? [])]) {
            expect(at(each, 'securityContext'), name).to.deep.equal({
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            });
            expect(textAt(each, 'resources.limits.memory'), name).to.match(/^\d+[MG]i$/);
            expect(textAt(each, 'resources.requests.cpu'), name).to.match(/^\d+m$/);
          }
        }
        const [account] = ofKind(objects, 'ServiceAccount');
        expect(at(account, 'automountServiceAccountToken')).to.equal(false);
      });

      it('has selectors that select: services, budgets, spreads', () => {
        const labels = workloads.map(({ object }) => at(object, 'spec.template.metadata.labels'));
        const one = (selector: Node | undefined, what: string) =>
          expect(labels.filter((each) => selects(selector, each)).length, what).to.equal(1);
        for (const { object, pod, name } of workloads) {
          one(at(object, 'spec.selector'), name);
          for (const spread of list(pod.topologySpreadConstraints ?? [])) one(at(spread, 'labelSelector'), name);
        }
        for (const budget of ofKind(objects, 'PodDisruptionBudget')) one(at(budget, 'spec.selector'), nameOf(budget));
        for (const service of ofKind(objects, 'Service')) {
          const selector = { matchLabels: at(service, 'spec.selector') ?? {} };
          one(selector, nameOf(service));
          const { container } = workloads.find(({ object }) =>
            selects(selector, at(object, 'spec.template.metadata.labels')),
          ) as Workload;
          const names = list(container.ports).map((port) => textAt(port, 'name'));
          for (const port of list(at(service, 'spec.ports'))) expect(names).to.include(textAt(port, 'targetPort'));
        }
      });

      it('is found: every host in a setting is a Service with that port, headless where clients balance', () => {
        for (const { name, env } of ours) {
          for (const [variable, value] of Object.entries(env)) {
            const [, scheme, host, port] = /^(dns:\/\/\/|http:\/\/)([\w-]+):(\d+)$/.exec(value) ?? [];
            if (host === undefined) continue;
            const service = ofKind(objects, 'Service').find((each) => nameOf(each) === host);
            const ports = list(at(service, 'spec.ports')).map((each) => String(at(each, 'port')));
            expect(ports, `${name}: ${variable}=${value}`).to.include(port);
            if (scheme === 'dns:///') expect(at(service, 'spec.clusterIP'), host).to.equal('None');
          }
        }
      });

      it('runs one version everywhere, that of the package', () => {
        const { version } = JSON.parse(textOf('package.json')) as { version: string };
        const images = imagesIn(objects);
        expect([...new Set(images)].sort()).to.deep.equal(
          [`exitlane:${version}`, ...(overlay === 'sandbox' ? ['postgres:18.1-bookworm'] : [])].sort(),
        );
      });

      it('shares what Jupiter and the RPC endpoints grant, during an upgrade too', () => {
        const processor = services.find(({ program }) => program === 'processor') as Workload;
        const most =
          Number(at(processor.object, 'spec.replicas')) +
          Number(at(processor.object, 'spec.strategy.rollingUpdate.maxSurge'));
        expect(most * Number(processor.env.GATE_SHARE_PERCENT)).to.equal(100);
      });
    });
  }

  it('has the objects of the Prometheus operator in a component: its kinds are not everywhere', () => {
    const folder = 'deploy/kubernetes/components/prometheus-operator';
    const [monitor, ...others] = build(folder);
    expect(others).to.deep.equal([]);
    expect([monitor?.apiVersion, monitor?.kind]).to.deep.equal(['monitoring.coreos.com/v1', 'PodMonitor']);
    const base = workloadsOf(build('deploy/kubernetes/base'));
    for (const { name, object, container } of base) {
      expect(selects(at(monitor, 'spec.selector'), at(object, 'spec.template.metadata.labels')), name).to.equal(true);
      const endpoints = list(at(monitor, 'spec.podMetricsEndpoints'));
      const ports = list(container.ports).map((port) => textAt(port, 'name'));
      for (const endpoint of endpoints) {
        expect(ports).to.include(textAt(endpoint, 'port'));
        expect(textAt(endpoint, 'path')).to.equal('/metrics');
      }
      const [known] = list(container.ports).filter((port) => textAt(port, 'name') === 'metrics');
      const annotations = at(object, 'spec.template.metadata.annotations') as Record<string, string>;
      expect(annotations['prometheus.io/port'], name).to.equal(textAt(known, 'containerPort'));
    }
  });

  it('finds what kustomize and the schemas would find', () => {
    const [deployment] = yamlOf('deploy/kubernetes/base/requestor.yaml');
    const misspelt = JSON.parse(JSON.stringify(deployment).replace('livenessProbe', 'livnessProbe')) as Mapping;
    expect(() => validate(misspelt)).to.throw(/livnessProbe.* not known/);
    const wrong = JSON.parse(JSON.stringify(deployment).replace('"replicas":2', '"replicas":"two"')) as Mapping;
    expect(() => validate(wrong)).to.throw(/replicas/);
  });
});
