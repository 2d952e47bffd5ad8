import { type FileRegistry, fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf';
import { descriptorRegistry } from '../../shared/grpc/descriptors.js';

/** A message class that ts-proto generates. */
export interface Encoder<T> {
  encode(message: T): { finish(): Uint8Array };
}

let registry: FileRegistry | undefined;

/**
 * A message as JSON in the form of `exitlane call` and grpcurl: names as in the proto files, enums by name, amounts and 64-bit
 * numbers as strings, times ISO 8601, nothing left out because it is zero.
 */
export function wireJson<T>(typeName: string, encoder: Encoder<T>, message: T): JsonValue {
  registry ??= descriptorRegistry();
  const type = registry.getMessage(`exitlane.v1.${typeName}`);
  if (!type) throw new Error(`no message exitlane.v1.${typeName}: the installation is incomplete`);
  const decoded = fromBinary(type, encoder.encode(message).finish());
  return toJson(type, decoded, { useProtoFieldName: true, alwaysEmitImplicit: true, registry });
}
