import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createFileRegistry, type FileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { packageRoot } from '../core/package-root.js';

// The file is part of the installation and never changes while the process runs: each form of it is made once.
let loaded: FileDescriptorSet | undefined;
let registry: FileRegistry | undefined;

/** Every proto file the product serves or answers with, imports and comments included, as buf compiled them. */
export function descriptorSet(): FileDescriptorSet {
  loaded ??= fromBinary(FileDescriptorSetSchema, readFileSync(path.join(packageRoot(), 'proto/gen/descriptors.binpb')));
  return loaded;
}

/** The bytes of each file, as reflection hands them out. */
export function fileDescriptorBytes(): Buffer[] {
  return descriptorSet().file.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
}

/** Looks up messages and services by their full name. */
export function descriptorRegistry(): FileRegistry {
  registry ??= createFileRegistry(descriptorSet());
  return registry;
}
