// Asks a service on this machine whether it is ready: `node deploy/probe.mjs 9464` exits with 0 or 1. An image without a shell or
// curl has this instead. Arguments: the port of the metrics, and the path (default /readyz).
const [port, path = '/readyz'] = process.argv.slice(2);
/** Shorter than the interval of any health check, so that a hung service is a failed check and not a pile of them. */
const TIMEOUT_MS = 2_000;

try {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) console.error(`${path} answers ${response.status}: ${(await response.text()).slice(0, 500)}`);
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.error(`${path} on port ${port}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
