/**
 * The results of `action` over all items, in their order, with at most `limit` at work at once. The first rejection
 * rejects; an action that must not stop the others catches its own errors.
 */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const rest = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await action(item); // all lanes draw from the one iterator
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
