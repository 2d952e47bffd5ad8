import type { Addresses } from './clients.js';

export const DEFAULT_ADDRESSES: Addresses = { requestor: '127.0.0.1:50051', processor: '127.0.0.1:50052' };

/** What to type to reach the same services again. */
export function commandFor({ requestor, processor }: Addresses): string {
  const parts = ['npx exitlane'];
  if (requestor !== DEFAULT_ADDRESSES.requestor) parts.push(`--requestor ${requestor}`);
  if (processor !== DEFAULT_ADDRESSES.processor) parts.push(`--processor ${processor}`);
  return parts.join(' ');
}
