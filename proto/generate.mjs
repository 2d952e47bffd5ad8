// Generates proto/gen from the proto files: TypeScript by ts-proto, and one descriptor set for reflection.
// `node proto/generate.mjs` writes; `node proto/generate.mjs --check` only says whether proto/gen is up to date.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const protoDir = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(protoDir);
const modules = path.join(root, 'node_modules');
const committed = path.join(protoDir, 'gen');
const work = mkdtempSync(path.join(tmpdir(), 'exitlane-proto-'));

const TS_PROTO_OPTIONS = [
  'env=node',
  'esModuleInterop=true',
  'importSuffix=.js',
  'outputServices=grpc-js',
  'forceLong=bigint',
  'useDate=true',
  'oneof=unions-value',
  'stringEnums=true',
  'removeEnumPrefix=true',
  'useExactTypes=false',
  'outputPartialMethods=true',
  'outputJsonMethods=true',
];

// Services that are not ours but can be called on our ports, so that reflection describes them too.
const FOREIGN = {
  'grpc/health/v1/health.proto': 'grpc-health-check/proto/health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto': '@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto': '@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto',
  'grpc/channelz/v1/channelz.proto': '@grpc/grpc-js/proto/channelz.proto',
};

function buf(...args) {
  execFileSync(process.execPath, [path.join(modules, '@bufbuild/buf/bin/buf'), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function build(input, name) {
  const output = path.join(work, name);
  buf('build', input, '--as-file-descriptor-set', '-o', output);
  return fromBinary(FileDescriptorSetSchema, readFileSync(output)).file;
}

function generate(target) {
  mkdirSync(target, { recursive: true });
  const template = {
    version: 'v2',
    plugins: [
      {
        local: path.join(modules, '.bin/protoc-gen-ts_proto'),
        out: target,
        opt: TS_PROTO_OPTIONS,
        include_imports: true,
        include_wkt: true,
      },
    ],
  };
  buf('generate', protoDir, '--template', JSON.stringify(template));
  for (const [to, from] of Object.entries(FOREIGN)) {
    const file = path.join(work, 'foreign', to);
    mkdirSync(path.dirname(file), { recursive: true });
    cpSync(path.join(modules, from), file);
  }
  const files = new Map();
  for (const file of [...build(protoDir, 'own.binpb'), ...build(path.join(work, 'foreign'), 'foreign.binpb')]) {
    files.set(file.name, file);
  }
  const set = create(FileDescriptorSetSchema, { file: [...files.values()] });
  writeFileSync(path.join(target, 'descriptors.binpb'), toBinary(FileDescriptorSetSchema, set));
}

function listing(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

try {
  const fresh = path.join(work, 'gen');
  generate(fresh);
  if (process.argv.includes('--check')) {
    const names = new Set([...listing(fresh), ...listing(committed)]);
    const differs = [...names].filter((name) => {
      try {
        return !readFileSync(path.join(fresh, name)).equals(readFileSync(path.join(committed, name)));
      } catch {
        return true;
      }
    });
    if (differs.length > 0) {
      console.error(
        `proto/gen differs from the proto files (${differs.join(', ')}). Run 'make generate' and commit the result.`,
      );
      process.exitCode = 1;
    }
  } else {
    rmSync(committed, { recursive: true, force: true });
    cpSync(fresh, committed, { recursive: true });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
