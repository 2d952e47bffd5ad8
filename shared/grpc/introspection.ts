import { getChannelzHandlers, getChannelzServiceDefinition, type Server, type ServiceDefinition } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { fileDescriptorBytes } from './descriptors.js';

const OWN_SERVICES = [
  'grpc.channelz.v1.Channelz',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
];

/** Full name of a service, from the path of its first method. */
export function serviceNameOf(definition: ServiceDefinition): string {
  const path = Object.values(definition)[0]?.path ?? '';
  return path.slice(1, path.lastIndexOf('/'));
}

/** Name under which health tells that the process is alive, whether it can serve or not. */
export const LIVENESS_SERVICE = 'liveness';

/** Switches the health of the whole server and of each of its services at once: whether it is ready to serve. */
export interface HealthSwitch {
  set(serving: boolean): void;
}

/**
 * What lets people and tools look into a server: reflection (v1 and v1alpha), health and channelz.
 * Reflection lists what this port serves, and resolves every file, so that error details print decoded.
 */
export function addIntrospection(server: Server, serviceNames: readonly string[]): HealthSwitch {
  const image = { format: 'descriptors', type: {}, fileDescriptorProtos: fileDescriptorBytes() };
  // Typed for proto-loader's packages, but it reads nothing except fileDescriptorProtos; proto-loader's own descriptors lose
  // their file names and comments.
  new ReflectionService({ image } as unknown as ConstructorParameters<typeof ReflectionService>[0], {
    services: [...serviceNames, ...OWN_SERVICES],
  }).addToServer(server);
  server.addService(getChannelzServiceDefinition(), { ...getChannelzHandlers() });
  const health = new HealthImplementation();
  health.addToServer(server);
  health.setStatus(LIVENESS_SERVICE, 'SERVING');
  return {
    set(serving) {
      for (const name of ['', ...serviceNames]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}
