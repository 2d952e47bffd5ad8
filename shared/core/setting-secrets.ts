/** How much of a setting is secret: all of it, or what an address carries besides its host. */
export type Secrecy = 'secret' | 'address' | undefined;

export const MASK = '********';

/** Parts of a path this long are keys on the providers that put them there. */
const KEY_CHARS_MIN = 16;

/** The value as it may be shown. */
export function maskedValue(secrecy: Secrecy, value: string): string {
  if (secrecy === 'secret') return MASK;
  if (secrecy === undefined) return value;
  return value
    .split(',')
    .map((address) => maskedAddress(address.trim()))
    .join(',');
}

/** Whether the value is to be kept from others. */
export function holdsSecret(secrecy: Secrecy, value: string): boolean {
  return value !== '' && maskedValue(secrecy, value) !== value;
}

function maskedAddress(address: string): string {
  if (!URL.canParse(address)) return MASK;
  const url = new URL(address);
  const keys = url.pathname.split('/').filter((part) => part.length >= KEY_CHARS_MIN);
  const parts = [url.password, ...url.searchParams.values(), ...keys].filter((part) => part !== '');
  // In the text itself, not from the parsed address, so that what is no secret stays as it was written.
  return parts.reduce((shown, part) => shown.replaceAll(part, MASK), decoded(address, parts));
}

/** Parsing decodes the values of a query; they are hidden as they were written. */
function decoded(address: string, parts: readonly string[]): string {
  return parts.every((part) => address.includes(part)) ? address : address.replace(/\?.*$/s, `?${MASK}`);
}
