import { isIPv4 } from 'node:net';

/** Whether a host can only be reached from this machine. A name other than `localhost` is never taken for one. */
export function isLoopbackHost(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIPv4(host) && host.startsWith('127.');
}
