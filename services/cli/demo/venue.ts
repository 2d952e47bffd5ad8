/** The few levers of the sandbox that the demo pulls, over HTTP. */
export interface Venue {
  /** Stops the blocks: what was sent stays under way until they go on. */
  hold(): Promise<void>;
  /** Lets blocks be produced again. */
  release(): Promise<void>;
}

export function venueAt(sandboxUrl: string, signal: AbortSignal): Venue {
  const post = async (route: string): Promise<void> => {
    const url = new URL(`/control/${route}`, sandboxUrl);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      signal,
    });
    if (!response.ok)
      throw new Error(`the sandbox refused /control/${route}: ${response.status} ${await response.text()}`);
  };
  return { hold: () => post('pause'), release: () => post('resume') };
}
