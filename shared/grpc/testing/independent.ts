import { createRequire } from 'node:module';
import path from 'node:path';
import { Client, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { packageRoot } from '../../core/package-root.js';

/** A client that shares no code with the generated one: proto-loader reads the proto files themselves. */
export class IndependentClient {
  readonly #client: Client;
  readonly #package: PackageDefinition;

  constructor(address: string, protoFile: string, includeDirs: string[] = [protoFolder()]) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#package = loadSync(protoFile, {
      keepCase: true,
      longs: String,
      enums: String,
      defaults: true,
      oneofs: true,
      includeDirs,
    });
  }

  close(): void {
    this.#client.close();
  }

  unary(service: string, method: string, request: object, metadata: Metadata): Promise<object> {
    const { path: callPath, requestSerialize, responseDeserialize } = this.#method(service, method);
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: object) => (answer ? resolve(answer) : reject(error));
      this.#client.makeUnaryRequest(callPath, requestSerialize, responseDeserialize, request, metadata, {}, done);
    });
  }

  /** One request over a bidirectional stream, one answer. */
  async exchange(service: string, method: string, request: object): Promise<object> {
    const { path: callPath, requestSerialize, responseDeserialize } = this.#method(service, method);
    const stream = this.#client.makeBidiStreamRequest(callPath, requestSerialize, responseDeserialize);
    stream.end(request);
    for await (const answer of stream) return answer as object;
    throw new Error('the stream ended without an answer');
  }

  /** Messages of a server stream. */
  stream(service: string, method: string, request: object, metadata: Metadata): AsyncIterable<object> {
    const { path: callPath, requestSerialize, responseDeserialize } = this.#method(service, method);
    return this.#client.makeServerStreamRequest(callPath, requestSerialize, responseDeserialize, request, metadata);
  }

  /** Decodes one message of the loaded files. */
  decode(type: string, bytes: Buffer): object {
    const message = this.#package[type];
    if (!message || !('deserialize' in message) || typeof message.deserialize !== 'function')
      throw new Error(`no ${type}`);
    return message.deserialize(bytes);
  }

  #method(service: string, method: string) {
    const definition = (this.#package[service] as ServiceDefinition | undefined)?.[method];
    if (!definition) throw new Error(`no ${service}/${method}`);
    return definition;
  }
}

export function protoFolder(): string {
  return path.join(packageRoot(), 'proto');
}

/** A file inside an installed package. */
export function packageFile(packageName: string, file: string): string {
  const require = createRequire(import.meta.url);
  return path.join(path.dirname(require.resolve(`${packageName}/package.json`)), file);
}
