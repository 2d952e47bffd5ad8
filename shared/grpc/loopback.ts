export { isLoopbackHost } from '../core/loopback.js';

/** `host:port` as gRPC spells it, with brackets around IPv6. */
export function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host of `host:port`, `[v6]:port` or `dns:///host:port`. */
export function hostOf(address: string): string {
  const plain = address.replace(/^(dns|ipv4|ipv6):\/*/, '');
  const bracketed = /^\[([^\]]+)\]/.exec(plain);
  return bracketed?.[1] ?? plain.replace(/:\d+$/, '');
}
