import { Empty } from './basics.js';

/** Says that the services do not have something, instead of showing nothing or guessing. */
export function Missing({ what }: { readonly what: string }) {
  return <Empty title={`${what}: not available`}>This version of the services does not have it.</Empty>;
}
