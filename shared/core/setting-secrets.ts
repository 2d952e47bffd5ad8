/** How much of a setting is secret: all of it, or what an address carries besides its host. */
export type Secrecy = 'secret' | 'address' | undefined;

export const MASK = '********';

/** Databases have a user name and a name of their own there; elsewhere both are places where providers put keys. */
const DATABASE = /^postgres(ql)?:/i;

/** The value as it may be shown. */
export function maskedValue(secrecy: Secrecy, value: string): string {
  if (secrecy === 'secret') return MASK;
  if (secrecy === undefined) return value;
  return addressesIn(value).map(maskedAddress).join(',');
}

/** Whether the value is to be kept from others. */
export function holdsSecret(secrecy: Secrecy, value: string): boolean {
  return value !== '' && maskedValue(secrecy, value) !== value;
}

/** Only what is fetched comes in lists; a comma of a database's address may be one of its password, or stand between its hosts. */
function addressesIn(value: string): string[] {
  return /^\s*(https?|wss?):/i.test(value) ? value.split(/\s*,\s*(?=[a-z]+:\/\/)/i) : [value];
}

/**
 * By position in the text as it was written: a parsed address is spelled differently, so its parts cannot be found in the text again.
 * What is no address may be anything, and is hidden whole; so is one with an `@` behind its first slash, where nobody knows
 * whether that is of a password or of a path.
 */
function maskedAddress(text: string): string {
  const address = text.trim();
  const [, scheme = '', place = '', path = '', query = '', fragment = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/)([^/\\?#]*)([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/i.exec(address) ?? [];
  if (scheme === '' || path.includes('@') || !URL.canParse(address)) return MASK;
  const isDatabase = DATABASE.test(scheme);
  // The last one: an earlier one is a character of a password that was not encoded.
  const at = place.lastIndexOf('@');
  const shown = [
    at < 0 ? '' : `${maskedUser(place.slice(0, at), isDatabase)}@`,
    place.slice(at + 1),
    isDatabase ? path : path.replace(/[^/\\]+/g, MASK),
    query.replace(/([?&][^=&]*=)[^&]+/g, `$1${MASK}`).replace(/([?&])[^=&]+(?=&|$)/g, `$1${MASK}`),
    fragment.length > 1 ? `#${MASK}` : fragment,
  ];
  return `${scheme}${shown.join('')}`;
}

/** @param user what stands before the `@` */
function maskedUser(user: string, isDatabase: boolean): string {
  const colon = user.indexOf(':');
  if (!isDatabase) return MASK;
  return colon < 0 || colon === user.length - 1 ? user : `${user.slice(0, colon)}:${MASK}`;
}
