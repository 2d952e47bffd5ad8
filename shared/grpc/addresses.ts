import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { ADDRESSES_MAX } from './bounds.js';
import { isLoopbackHost, joinAddress } from './loopback.js';

/**
 * Where a service is, as settings and options spell it. One of
 *
 *     127.0.0.1:50052                   one server, by address or name
 *     10.0.0.1:50052,10.0.0.2:50052     several, each by address: calls go round them
 *     dns:///processor:50052            all the servers behind a name: calls go round them
 *
 * A list takes no names: what they stand for may change, and grpc-js looks up one name per channel. `dns:///` is for that.
 */
export interface Servers {
  /** What grpc-js dials. */
  readonly target: string;
  /** Each server that is named, as `host:port`; of a `dns:///` name that one name. */
  readonly each: readonly string[];
  /** There may be another server to turn to: calls go round those that are connected. */
  readonly balanced: boolean;
  /** All of them can only be on this machine. */
  readonly loopback: boolean;
}

const FORMS =
  'must be host:port, such as 127.0.0.1:50052, several IP addresses with ports separated by commas, or dns:///name:port';

/**
 * @throws Error with a message that goes behind the name of the setting
 */
export function serversAt(text: string): Servers {
  if (text.startsWith('dns:///')) return behindName(text);
  const each = text.split(',').map((part) => readOne(part.trim()));
  const [first] = each;
  if (each.length === 1 && first) return single(first);
  return severalAt(each);
}

/** What is wrong with an address, to go behind the name of the setting; undefined when nothing is. */
export function addressProblem(text: string): string | undefined {
  try {
    serversAt(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : FORMS;
  }
}

/** A setting that says where a service is. */
export const addressSetting = z.string().superRefine((text, context) => {
  const problem = addressProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

interface HostPort {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** grpc-js's own spellings of one server stay as they are: tools and tests hand over what they got. */
function readOne(text: string): HostPort {
  if (/^[a-z0-9+.-]+:\/\//i.test(text)) {
    throw new Error(`${FORMS}; ${text} is none of these: only dns:/// may stand in front, alone`);
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  if (host === '' || port < 1 || port > 65_535) throw new Error(`${FORMS}${text === '' ? '' : `; ${text} is not`}`);
  if (bracketed !== undefined && !isIPv6(bracketed)) throw new Error(`${FORMS}; [${bracketed}] is no IPv6 address`);
  return { host, port };
}

function single({ host, port }: HostPort): Servers {
  const address = joinAddress(host, port);
  // A name may stand for several machines; localhost and an IP address are one.
  const isName = host !== 'localhost' && !isIPv4(host) && !isIPv6(host);
  return { target: address, each: [address], balanced: isName, loopback: isLoopbackHost(host) };
}

function behindName(text: string): Servers {
  const name = text.slice('dns:///'.length);
  if (name.includes(',')) throw new Error(`${FORMS}; ${text} holds more than one name, and dns:/// takes one`);
  const { host, port } = readOne(name);
  const address = joinAddress(host, port);
  return { target: `dns:///${address}`, each: [address], balanced: true, loopback: isLoopbackHost(host) };
}

function severalAt(given: readonly HostPort[]): Servers {
  const all = given.map(({ host, port }) => ({ host: host === 'localhost' ? '127.0.0.1' : host, port }));
  const name = all.find(({ host }) => !isIPv4(host) && !isIPv6(host));
  if (name) {
    throw new Error(
      `holds the name ${name.host} in a list: a list takes IP addresses; for all servers behind a name write dns:///${name.host}:${name.port}`,
    );
  }
  const family = all.every(({ host }) => isIPv4(host)) ? 'ipv4' : 'ipv6';
  if (family === 'ipv6' && !all.every(({ host }) => isIPv6(host))) {
    throw new Error('mixes IPv4 and IPv6 addresses: a list holds one kind; write one address per server');
  }
  const each = all.map(({ host, port }) => joinAddress(host, port));
  const twice = each.find((address, index) => each.indexOf(address) !== index);
  if (twice !== undefined) throw new Error(`holds ${twice} twice`);
  if (each.length > ADDRESSES_MAX)
    throw new Error(`holds ${each.length} addresses, and takes ${ADDRESSES_MAX} at most`);
  return {
    target: `${family}:${each.join(',')}`,
    each,
    balanced: true,
    loopback: all.every(({ host }) => isLoopbackHost(host)),
  };
}
