/** Settings of every client except the time-outs of S3's, which follow from what is sent. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** Small requests: if no byte has arrived by then, none will, and the SDK retries the request. By default it would wait forever. */
export const STALL_TIMEOUT_MS = 30_000;

/** One client for each region, created on first use. */
export function perRegion<Client>(create: (region: string) => Client): (region: string) => Client {
  const clients = new Map<string, Client>();
  return (region) => {
    const client = clients.get(region) ?? create(region);
    clients.set(region, client);
    return client;
  };
}
