/**
 * The one table of an attempt's states (E7). An attempt is one signed transaction of an order.
 *
 *   BUILT -> SIGNED -> PERSISTED -> SENT -> SEEN -> LANDED          settles the order
 *                          |          |       |---> LANDED_FAILED   on chain with an error: the fee is spent, nothing moved
 *                          +----------+-------+---> DEAD            proven never to land
 *
 * BUILT and SIGNED exist in memory only: what dies there was never sent and may be forgotten. From PERSISTED on the attempt is in
 * the database and may be on the wire, whatever its state says: a crash can come between a send and its note, so every state
 * from PERSISTED to SEEN can end in every way. SEEN can go unnoticed, and a block that showed a transaction can vanish again.
 */
export type AttemptStage = 'BUILT' | 'SIGNED' | AttemptState;

/** The states that are stored. */
export type AttemptState = 'PERSISTED' | 'SENT' | 'SEEN' | 'LANDED' | 'LANDED_FAILED' | 'DEAD';

const NEXT: Readonly<Record<AttemptStage, readonly AttemptStage[]>> = {
  BUILT: ['SIGNED'],
  SIGNED: ['PERSISTED'],
  PERSISTED: ['SENT', 'SEEN', 'LANDED', 'LANDED_FAILED', 'DEAD'],
  SENT: ['SEEN', 'LANDED', 'LANDED_FAILED', 'DEAD'],
  SEEN: ['LANDED', 'LANDED_FAILED', 'DEAD'],
  LANDED: [],
  LANDED_FAILED: [],
  DEAD: [],
};

export function attemptMayFollow(from: AttemptStage, to: AttemptStage): boolean {
  return NEXT[from].includes(to);
}

/** Stored states from which `to` can be reached, for the WHERE clause of the conditional write. */
export function attemptStatesBefore(to: AttemptState): AttemptState[] {
  return (Object.keys(NEXT) as AttemptStage[]).filter(
    (from): from is AttemptState => from !== 'BUILT' && from !== 'SIGNED' && attemptMayFollow(from, to),
  );
}

/** Its fate is not known: it may be anywhere, and no other transaction of its order may be signed. */
export function isOpenAttempt(state: AttemptState): boolean {
  return NEXT[state].length > 0;
}
