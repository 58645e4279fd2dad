/** Runs `action` over all items, at most `limit` at once. The first rejection rejects; actions that must not stop others catch their own. */
export async function mapLimited<T>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await action(item); // all lanes draw from the one iterator
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}
