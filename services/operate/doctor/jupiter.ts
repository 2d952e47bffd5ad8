import { SOL_MINT } from '../../processor/venue/spl.js';
import { VenueError } from '../../processor/venue/venue-error.js';
import { serverAt } from './ask.js';
import { type Check, ok, problem, skipped, warning } from './check.js';
import { SLOW_CALL_MS } from './limits.js';

/** Jupiter: one price, which costs one call of the plan. */
export const jupiter: Check = {
  name: 'jupiter',
  async run({ processor }, signal) {
    if (processor === undefined) return [skipped('the settings of the processor are invalid')];
    const { jupiterUrl, jupiterApiKey: key } = processor.venue;
    const server = serverAt(jupiterUrl, 'Jupiter', key === undefined ? [] : [key]);
    const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
    try {
      const { body, tookMs, limits } = await server.ask(`/price/v3?ids=${SOL_MINT}`, { headers }, signal);
      const price = typeof body === 'object' && body !== null && SOL_MINT in body;
      if (!price)
        return [problem(`${server.host} answers without a price of SOL`, 'see that JUPITER_URL is that of the API')];
      const plan = key === undefined ? 'no API key: the smallest plan' : 'with an API key';
      const saw = [`${server.host}: ${tookMs} ms`, plan, limits].filter((part) => part !== '').join(', ');
      return [
        tookMs > SLOW_CALL_MS ? warning(saw, 'quotes will be as slow: look at the line, or the region') : ok(saw),
      ];
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      if (error.httpStatus === 401 || error.httpStatus === 403) {
        return [problem(error.message, 'JUPITER_API_KEY is refused: make another at portal.jup.ag')];
      }
      if (error.kind === 'RATE_LIMITED') {
        return [
          warning(error.message, 'the plan is used up now: see JUPITER_REQUESTS_PER_SECOND, or take a larger plan'),
        ];
      }
      return [problem(error.message, 'without Jupiter nothing is quoted: see JUPITER_URL and the line')];
    }
  },
};
