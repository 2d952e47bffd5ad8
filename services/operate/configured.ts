/** Services whose settings can be asked for. */
export const CONFIGURED = ['requestor', 'processor', 'console'] as const;

export type Configured = (typeof CONFIGURED)[number];
