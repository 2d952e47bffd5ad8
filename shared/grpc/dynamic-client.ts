import { type DescMessage, fromBinary, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import { Client } from '@grpc/grpc-js';
import { ExitlaneError } from '../core/errors.js';
import { serversAt } from './addresses.js';
import { channelOptions } from './channel-options.js';
import { type CallSettings, promised, pulled } from './client.js';
import { type ClientSecurity, PLAIN } from './client-security.js';
import { descriptorRegistry } from './descriptors.js';
import { messageFromJson } from './json-request.js';
import { findMethod, fullName } from './method-catalogue.js';

export { listMethods, type MethodInfo } from './method-catalogue.js';

export interface NamedCall extends CallSettings {
  /** One server or several: see `serversAt`. */
  readonly address: string;
  /** How it shows itself; default: plain text. */
  readonly security?: ClientSecurity | undefined;
  /** `exitlane.v1.OrderService/SubmitOrder`, or without the package. */
  readonly method: string;
  /** The request as JSON; fields in either spelling. */
  readonly request: JsonValue;
  /** Each message of the answer as JSON, field names as in the proto file, zero values included. The next waits for it. */
  readonly onMessage: (message: JsonValue) => void | Promise<void>;
  /** For unary calls; default 10 s. Streams have no deadline. */
  readonly deadlineMs?: number;
}

/**
 * Calls any method by name with JSON in and out, from the descriptors alone: no generated code has to know the method.
 * Resolves when the answer, or the stream, is complete.
 * @throws ExitlaneError INVALID_FIELD before anything is sent: unknown method or field, or a value that does not fit
 * @throws CallError with the server's details decoded
 */
export async function callByName(named: NamedCall): Promise<void> {
  const method = findMethod(named.method);
  const name = fullName(method);
  if (method.methodKind !== 'unary' && method.methodKind !== 'server_streaming') {
    throw new ExitlaneError('INVALID_FIELD', `${name} takes a stream of requests, which cannot be called this way`);
  }
  const request = toBinary(method.input, messageFromJson(method.input, named.request));
  const channel = (named.security ?? PLAIN).channelFor(named.address);
  const options = { ...channelOptions(named.address), ...channel.options };
  const client = new Client(serversAt(named.address).target, channel.credentials, options);
  const path = `/${name}`;
  const decode = (bytes: Buffer): JsonValue => jsonOf(method.output, bytes);
  try {
    if (method.methodKind === 'unary') {
      const answer = await promised<JsonValue>(name, named, (metadata, options, callback) =>
        client.makeUnaryRequest(path, Buffer.from, decode, request, metadata, options, callback),
      );
      await named.onMessage(answer);
    } else {
      const answers = pulled<JsonValue>(name, named, (metadata) =>
        client.makeServerStreamRequest(path, Buffer.from, decode, request, metadata),
      );
      for await (const answer of answers) await named.onMessage(answer);
    }
  } finally {
    client.close();
  }
}

function jsonOf(type: DescMessage, bytes: Uint8Array): JsonValue {
  return toJson(type, fromBinary(type, bytes), {
    useProtoFieldName: true,
    alwaysEmitImplicit: true,
    registry: descriptorRegistry(),
  });
}
